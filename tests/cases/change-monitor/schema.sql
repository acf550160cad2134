CREATE TABLE regulation (regulation TEXT PRIMARY KEY, title TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE known_regulation (regulation TEXT PRIMARY KEY, version INTEGER NOT NULL);
