//! The tables of a ledger, and whether a file has exactly these.
//!
//! The triggers keep an honest program from changing entries by mistake. They prove nothing, because whoever can
//! write the file can remove them. The chain shows tampering.

use rusqlite::Connection;

/// `FLGR`, in the header of the file. It distinguishes a ledger from other databases.
pub(crate) const APPLICATION_ID: i64 = 0x464c_4752;

/// The version of the format: the tables, and which entries there are. Format 2 added the entries of supervisors.
pub(crate) const FORMAT: i64 = 2;

/// The oldest format that is read and appended to. Its tables are the same.
pub(crate) const OLDEST_FORMAT: i64 = 1;

/// Every object with its SQL, sorted by name. SQLite keeps the text as it is written here.
pub(crate) const OBJECTS: [(&str, &str); 7] = [
    (
        "entries",
        "CREATE TABLE entries (
  entry_id INTEGER PRIMARY KEY CHECK (entry_id > 0),
  run_id INTEGER CHECK (run_id > 0 AND run_id <= entry_id),
  timestamp INTEGER NOT NULL CHECK (timestamp >= 0),
  node_id TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_role TEXT NOT NULL,
  event_type TEXT NOT NULL,
  resource TEXT NOT NULL,
  detail TEXT NOT NULL,
  prev_hash BLOB NOT NULL CHECK (length(prev_hash) = 32),
  signature BLOB CHECK (length(signature) = 64)
) STRICT",
    ),
    (
        // `INSERT OR REPLACE` fires no trigger for what it removes, so only the next entry is allowed.
        "entries_come_in_order",
        "CREATE TRIGGER entries_come_in_order BEFORE INSERT ON entries
WHEN NEW.entry_id IS NOT (SELECT coalesce(max(entry_id), 0) + 1 FROM entries)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    ),
    (
        "entries_never_change",
        "CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    ),
    (
        "entries_never_go",
        "CREATE TRIGGER entries_never_go BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    ),
    (
        "ledger",
        "CREATE TABLE ledger (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  ledger_id BLOB NOT NULL CHECK (length(ledger_id) = 16),
  entry_count INTEGER NOT NULL CHECK (entry_count >= 0),
  head_hash BLOB NOT NULL CHECK (length(head_hash) = 32)
) STRICT",
    ),
    (
        "ledger_never_goes",
        "CREATE TRIGGER ledger_never_goes BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    ),
    (
        "ledger_only_grows",
        "CREATE TRIGGER ledger_only_grows BEFORE UPDATE ON ledger
WHEN NEW.ledger_id IS NOT OLD.ledger_id OR NEW.entry_count <= OLD.entry_count
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    ),
];

/// Makes the tables in an empty database.
pub(crate) fn make(connection: &Connection) -> rusqlite::Result<()> {
    // A table must exist before its triggers.
    let (tables, triggers): (Vec<_>, Vec<_>) = OBJECTS
        .iter()
        .map(|(_, sql)| *sql)
        .partition(|sql| sql.starts_with("CREATE TABLE"));
    for sql in tables.into_iter().chain(triggers) {
        connection.execute_batch(sql)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", FORMAT)
}

/// What differs from the schema, if anything: a missing object, another text, or an additional object, which
/// could change what is appended.
pub(crate) fn difference(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare(
        "SELECT name, sql, type || ' ' || tbl_name FROM sqlite_schema ORDER BY name LIMIT 16",
    )?;
    let mut rows = statement.query(())?;
    let mut expected = OBJECTS.iter();
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_bytes().unwrap_or_default();
        let shown = || String::from_utf8_lossy(name).escape_debug().to_string();
        let Some((expected_name, expected_sql)) = expected.next() else {
            return Ok(Some(format!("`{}` does not belong to it", shown())));
        };
        if name != expected_name.as_bytes() {
            return Ok(Some(format!("`{}` instead of `{expected_name}`", shown())));
        }
        let sql = row.get_ref(1)?.as_bytes().unwrap_or_default();
        let kind = row.get_ref(2)?.as_bytes().unwrap_or_default();
        if sql != expected_sql.as_bytes() || kind != kind_of(expected_name, expected_sql).as_bytes()
        {
            return Ok(Some(format!("`{expected_name}` is not as it was made")));
        }
    }
    Ok(expected
        .next()
        .map(|(name, _)| format!("`{name}` is missing")))
}

/// Type and table, as SQLite lists them.
fn kind_of(name: &str, sql: &str) -> String {
    if sql.starts_with("CREATE TABLE") {
        return format!("table {name}");
    }
    let table = name.split('_').next().unwrap_or(name);
    format!("trigger {table}")
}
