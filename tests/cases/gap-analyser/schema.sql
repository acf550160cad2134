CREATE TABLE obligation (
  obligation TEXT PRIMARY KEY, regulation TEXT NOT NULL, site TEXT NOT NULL, checked_version INTEGER NOT NULL
);
CREATE TABLE gap (obligation TEXT, regulation TEXT NOT NULL, version INTEGER, PRIMARY KEY (obligation, version));
