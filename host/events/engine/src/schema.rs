//! The tables of `events.db`. The page of this crate says what they mean.

use rusqlite::Connection;

/// `FEVT`, in the header of the file.
pub(crate) const APPLICATION_ID: i64 = 0x4645_5654;

/// The version of the tables.
pub(crate) const FORMAT: i64 = 2;

/// Every object with its SQL, sorted by name. SQLite keeps the text as it is written here.
pub(crate) const OBJECTS: [(&str, &str); 21] = [
    (
        "cancels",
        "CREATE TABLE cancels (
  run_id INTEGER NOT NULL,
  task_id INTEGER NOT NULL,
  PRIMARY KEY (run_id, task_id)
) STRICT, WITHOUT ROWID",
    ),
    (
        "deliveries",
        "CREATE TABLE deliveries (
  delivery_id INTEGER PRIMARY KEY CHECK (delivery_id > 0),
  app TEXT NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
  event_id INTEGER,
  task_id INTEGER,
  scheduled_for INTEGER,
  missed INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  due INTEGER,
  run_id INTEGER,
  outcome TEXT,
  cancelled INTEGER NOT NULL DEFAULT 0,
  CHECK ((event_id IS NULL) = (task_id IS NOT NULL)),
  CHECK ((task_id IS NULL) = (scheduled_for IS NULL)),
  CHECK ((state = 1) = (due IS NOT NULL)),
  CHECK ((state = 2) = (run_id IS NOT NULL))
) STRICT",
    ),
    (
        "deliveries_by_event",
        "CREATE UNIQUE INDEX deliveries_by_event ON deliveries (event_id, app) WHERE event_id IS NOT NULL",
    ),
    (
        "deliveries_by_run",
        "CREATE UNIQUE INDEX deliveries_by_run ON deliveries (run_id) WHERE run_id IS NOT NULL",
    ),
    (
        "deliveries_by_task",
        "CREATE UNIQUE INDEX deliveries_by_task ON deliveries (task_id) WHERE task_id IS NOT NULL",
    ),
    (
        "deliveries_held",
        "CREATE INDEX deliveries_held ON deliveries (app) WHERE state = 3",
    ),
    (
        "deliveries_to_run",
        "CREATE INDEX deliveries_to_run ON deliveries (app, delivery_id) WHERE state = 0",
    ),
    (
        "deliveries_to_wake",
        "CREATE INDEX deliveries_to_wake ON deliveries (due, delivery_id) WHERE due IS NOT NULL",
    ),
    (
        "engine",
        "CREATE TABLE engine (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  ledger_id TEXT NOT NULL,
  last_delivery INTEGER NOT NULL
) STRICT",
    ),
    (
        "events",
        "CREATE TABLE events (
  event_id INTEGER PRIMARY KEY CHECK (event_id > 0),
  type TEXT NOT NULL,
  source TEXT NOT NULL,
  depth INTEGER NOT NULL,
  root INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT",
    ),
    (
        "exchange",
        "CREATE TABLE exchange (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  session INTEGER NOT NULL,
  vouched INTEGER NOT NULL,
  deliveries INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  incoming INTEGER NOT NULL,
  incoming_bytes INTEGER NOT NULL,
  outgoing INTEGER NOT NULL,
  outgoing_bytes INTEGER NOT NULL
) STRICT",
    ),
    (
        "incoming",
        "CREATE TABLE incoming (
  incoming_id INTEGER PRIMARY KEY,
  app TEXT NOT NULL,
  key TEXT NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
  sequence INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL DEFAULT 0,
  delivery_id INTEGER,
  ledger TEXT NOT NULL,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  source TEXT,
  depth INTEGER NOT NULL,
  root INTEGER NOT NULL,
  scheduled_for INTEGER,
  missed INTEGER NOT NULL,
  payload BLOB NOT NULL,
  UNIQUE (app, key),
  CHECK ((state = 0) = (delivery_id IS NULL)),
  CHECK ((source IS NULL) = (scheduled_for IS NOT NULL))
) STRICT",
    ),
    (
        "incoming_by_delivery",
        "CREATE UNIQUE INDEX incoming_by_delivery ON incoming (delivery_id) WHERE delivery_id IS NOT NULL",
    ),
    (
        "incoming_by_state",
        "CREATE INDEX incoming_by_state ON incoming (state, incoming_id)",
    ),
    (
        "incoming_to_take",
        "CREATE INDEX incoming_to_take ON incoming (app) WHERE state = 0",
    ),
    (
        "outgoing",
        "CREATE TABLE outgoing (
  outgoing_id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  key TEXT NOT NULL,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  source TEXT,
  depth INTEGER NOT NULL,
  root INTEGER NOT NULL,
  scheduled_for INTEGER,
  missed INTEGER NOT NULL,
  payload BLOB NOT NULL,
  UNIQUE (target, key),
  CHECK ((source IS NULL) = (scheduled_for IS NOT NULL))
) STRICT",
    ),
    (
        "prepared",
        "CREATE TABLE prepared (run_id INTEGER PRIMARY KEY CHECK (run_id >= 0)) STRICT",
    ),
    (
        "roots",
        "CREATE TABLE roots (
  root INTEGER PRIMARY KEY CHECK (root > 0),
  descendants INTEGER NOT NULL,
  live INTEGER NOT NULL
) STRICT",
    ),
    (
        "subscribed",
        "CREATE TABLE subscribed (
  app TEXT NOT NULL,
  type TEXT NOT NULL,
  sources TEXT,
  concurrency INTEGER NOT NULL,
  PRIMARY KEY (app, type)
) STRICT, WITHOUT ROWID",
    ),
    (
        "tasks",
        "CREATE TABLE tasks (
  task_id INTEGER PRIMARY KEY CHECK (task_id > 0),
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  target TEXT NOT NULL,
  cron TEXT,
  next INTEGER,
  skipped INTEGER NOT NULL DEFAULT 0,
  depth INTEGER,
  root INTEGER,
  staged INTEGER NOT NULL,
  payload BLOB NOT NULL,
  CHECK ((depth IS NULL) = (root IS NULL))
) STRICT",
    ),
    (
        "tasks_by_time",
        "CREATE INDEX tasks_by_time ON tasks (next, task_id) WHERE next IS NOT NULL AND staged = 0",
    ),
];

/// Makes the tables in an empty database.
pub(crate) fn make(connection: &Connection, ledger_id: &str) -> rusqlite::Result<()> {
    // A table must exist before its indexes.
    let (tables, indexes): (Vec<_>, Vec<_>) = OBJECTS
        .iter()
        .map(|(_, sql)| *sql)
        .partition(|sql| sql.starts_with("CREATE TABLE"));
    for sql in tables.into_iter().chain(indexes) {
        connection.execute_batch(sql)?;
    }
    connection.execute("INSERT INTO engine VALUES (1, ?, 0)", [ledger_id])?;
    connection.execute(
        "INSERT INTO exchange VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0)",
        (),
    )?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", FORMAT)
}

/// The first object that is not as it was made: another could change what is written.
pub(crate) fn difference(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name",
    )?;
    let found: Vec<(String, Option<String>)> = statement
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .take(OBJECTS.len() + 1)
        .collect::<Result<_, _>>()?;
    let expected = OBJECTS.map(|(name, sql)| (name.to_owned(), Some(sql.to_owned())));
    let differs = |(name, _): &(String, Option<String>)| {
        Some(format!("`{}` is not as it was made", name.escape_debug()))
    };
    Ok(
        match found.iter().zip(&expected).find(|(one, two)| one != two) {
            Some((found, _)) => differs(found),
            None if found.len() < expected.len() => {
                Some(format!("`{}` is missing", expected[found.len()].0))
            }
            None => found.get(expected.len()).and_then(differs),
        },
    )
}
