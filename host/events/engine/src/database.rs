//! The file `events.db`: one process has it open, and a commit is as durable as the next step needs.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::error::EngineError;
use crate::limits::{LOG_BYTES, PAYLOAD_BYTES};
use crate::schema;

/// Whether a commit must be on disk when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    /// It is on disk.
    Now,
    /// It is on disk with the next commit that is. If it is lost, the next start does it again.
    Later,
}

/// The open file, which no other process can open.
pub(crate) struct Database {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    /// Released when the process ends, however it ends.
    _lock: File,
}

/// What SQLite reads as one value: a payload, and some more for the row around it.
const ROW_BYTES: i32 = 2 * PAYLOAD_BYTES as i32;

impl Database {
    /// Opens the file, or makes it.
    pub(crate) fn open(path: &Path, ledger_id: &str) -> Result<Database, EngineError> {
        let lock = lock(path)?;
        make_private(path)?;
        let database = Database {
            connection: connect(path)?,
            path: path.to_owned(),
            _lock: lock,
        };
        let is_empty = database.number("SELECT count(*) FROM sqlite_schema")? == 0
            && database.number("PRAGMA application_id")? == 0;
        if is_empty {
            database.map(set_up(&database.connection))?;
            database.map(database.connection.execute_batch("BEGIN IMMEDIATE"))?;
            database.map(schema::make(&database.connection, ledger_id))?;
            database.map(database.connection.execute_batch("COMMIT"))?;
        } else {
            database.check(ledger_id)?;
            database.map(set_up(&database.connection))?;
        }
        Ok(database)
    }

    fn check(&self, ledger_id: &str) -> Result<(), EngineError> {
        let found = whose(&self.connection, &self.path)?;
        match found == ledger_id {
            true => Ok(()),
            false => Err(EngineError::OtherLedger {
                path: self.path.clone(),
                found,
                expected: ledger_id.to_owned(),
            }),
        }
    }

    pub(crate) fn begin(&self, sync: Sync) -> Result<(), EngineError> {
        // The setting cannot change within a transaction.
        let setting = match sync {
            Sync::Now => "PRAGMA synchronous = FULL",
            Sync::Later => "PRAGMA synchronous = NORMAL",
        };
        self.map(self.connection.execute_batch(setting))?;
        self.map(self.connection.execute_batch("BEGIN IMMEDIATE"))
    }

    pub(crate) fn commit(&self) -> Result<(), EngineError> {
        self.map(self.connection.execute_batch("COMMIT"))
    }

    pub(crate) fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // The first error is reported. If this fails, SQLite rolls back when the file is opened.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    fn number(&self, sql: &str) -> Result<i64, EngineError> {
        self.map(number(&self.connection, sql))
    }

    pub(crate) fn map<T>(&self, result: rusqlite::Result<T>) -> Result<T, EngineError> {
        result.map_err(|error| sqlite(&self.path, error))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // So that no payload stays in the log. If it fails, the next process that opens the file has the log.
        let _ = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
    }
}

/// Opens a file that an engine has made, beside the engine. Returns the id of its ledger, too.
pub(crate) fn attach(path: &Path) -> Result<(Connection, String), EngineError> {
    if let Err(error) = std::fs::metadata(path) {
        return Err(io(path, error));
    }
    let connection = connect(path)?;
    let ledger_id = whose(&connection, path)?;
    set_up(&connection).map_err(|error| sqlite(path, error))?;
    Ok((connection, ledger_id))
}

fn connect(path: &Path) -> Result<Connection, EngineError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let real = absolute(path)?;
    let connection = Connection::open_with_flags(real, flags).and_then(|connection| {
        guard(&connection)?;
        Ok(connection)
    });
    connection.map_err(|error| sqlite(path, error))
}

/// Whose events a file has, if it is as this version makes it.
fn whose(connection: &Connection, path: &Path) -> Result<String, EngineError> {
    let map = |error| sqlite(path, error);
    let not_events = |why: String| EngineError::NotEvents {
        path: path.to_owned(),
        why,
    };
    if number(connection, "PRAGMA application_id").map_err(map)? != schema::APPLICATION_ID {
        return Err(not_events("it is another database".to_owned()));
    }
    let found = number(connection, "PRAGMA user_version").map_err(map)?;
    if found != schema::FORMAT {
        return Err(EngineError::Format {
            path: path.to_owned(),
            found,
            expected: schema::FORMAT,
        });
    }
    if let Some(what) = schema::difference(connection).map_err(map)? {
        return Err(not_events(what));
    }
    let ledger_id = connection.query_row("SELECT ledger_id FROM engine", (), |row| row.get(0));
    let ledger_id = ledger_id.optional().map_err(map)?;
    ledger_id.ok_or_else(|| not_events("it does not say whose it is".to_owned()))
}

fn number(connection: &Connection, sql: &str) -> rusqlite::Result<i64> {
    connection.query_row(sql, (), |row| row.get(0))
}

pub(crate) fn sqlite(path: &Path, error: rusqlite::Error) -> EngineError {
    EngineError::Sqlite {
        path: path.to_owned(),
        source: Arc::new(error),
    }
}

fn io(path: &Path, error: std::io::Error) -> EngineError {
    EngineError::Open {
        path: path.to_owned(),
        source: Arc::new(error),
    }
}

/// The path without links in its folders, because SQLite is told to follow none.
fn absolute(path: &Path) -> Result<PathBuf, EngineError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io(path, std::io::ErrorKind::InvalidInput.into()));
    };
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let folder = folder.canonicalize().map_err(|error| io(path, error))?;
    Ok(folder.join(name))
}

/// The lock is a file of its own: closing any descriptor of the database would release SQLite's own locks on it.
fn lock(path: &Path) -> Result<File, EngineError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    let name = PathBuf::from(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    private(&mut options);
    let file = options.open(&name).map_err(|error| io(&name, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EngineError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(io(&name, error)),
    }
}

/// Makes an empty file that only its user can read, if there is none. Payloads may be secrets.
fn make_private(path: &Path) -> Result<(), EngineError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(io(path, error)),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

/// Switches off what a hostile file could exploit.
fn guard(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_LENGTH, ROW_BYTES)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.execute_batch("PRAGMA cell_size_check = ON")
}

/// `secure_delete` overwrites payloads that are no longer needed. `fullfsync` is for systems on which plain `fsync`
/// stops at the drive's own memory.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "PRAGMA secure_delete = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA journal_size_limit = {LOG_BYTES}"
    ))
}
