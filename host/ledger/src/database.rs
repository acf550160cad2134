//! Connections to a ledger's file: opened, set up, and only if it is a ledger.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::entry::FIELD_BYTES;
use crate::error::LedgerError;
use crate::pages::check_appendable;
use crate::schema;

/// What SQLite reads as one row at most: the six texts of an entry, and some.
const ROW_BYTES: i32 = 8 * FIELD_BYTES as i32;

/// How long SQLite itself waits for the lock to append, each time that it is asked.
const BUSY_ATTEMPT: Duration = Duration::from_millis(20);

/// What is left to wait for the lock when the process is told to end.
pub(crate) const HURRIED_WAIT: Duration = Duration::from_secs(1);

/// A connection and what its errors are told with.
pub(crate) struct Database {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) busy_timeout: Duration,
    /// Turns true when there is no more time to wait than [`HURRIED_WAIT`].
    pub(crate) hurried: Arc<AtomicBool>,
}

impl Database {
    /// For appending.
    pub(crate) fn open(path: &Path, busy_timeout: Duration) -> Result<Database, LedgerError> {
        is_file(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Database::connect(path, path, flags, busy_timeout)?;
        let read_only = || LedgerError::ReadOnly {
            path: path.to_owned(),
        };
        // SQLite opens what cannot be written all the same.
        if database.map(database.connection.is_readonly("main"))? {
            return Err(read_only());
        }
        match database.is_ledger() {
            // The folder is read-only: nothing can be made beside the file.
            Err(LedgerError::Sqlite { source, .. }) if no_index(&source) => {
                return Err(read_only());
            }
            other => other?,
        }
        database.map(durable(&database.connection))?;
        check_appendable(&database)?;
        // From here on the one who appends asks again and again.
        let attempt = busy_timeout.min(BUSY_ATTEMPT);
        database.map(database.connection.busy_timeout(attempt))?;
        Ok(database)
    }

    /// For reading one state of it, in a transaction that is open already.
    pub(crate) fn open_to_read(
        path: &Path,
        busy_timeout: Duration,
    ) -> Result<Database, LedgerError> {
        is_file(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Database::connect(path, path, flags, busy_timeout)?;
        match database.begin_read() {
            Ok(()) => {}
            // SQLite makes an index beside the file, which it cannot in a folder that may only be read.
            Err(error) if no_index(&error) => return immutable(path, flags, busy_timeout),
            Err(error) => return Err(LedgerError::sqlite(path, busy_timeout, error)),
        }
        database.is_ledger()?;
        Ok(database)
    }

    fn connect(
        path: &Path,
        name: &Path,
        flags: OpenFlags,
        busy_timeout: Duration,
    ) -> Result<Database, LedgerError> {
        let connection = Connection::open_with_flags(name, flags)
            .map_err(|error| LedgerError::sqlite(path, busy_timeout, error))?;
        let database = Database {
            connection,
            path: path.to_owned(),
            busy_timeout,
            hurried: Arc::default(),
        };
        database.map(guarded(&database.connection, busy_timeout))?;
        Ok(database)
    }

    fn begin_read(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN")?;
        // The transaction begins with what it first reads.
        let read = self
            .connection
            .query_row("PRAGMA application_id", (), |_| Ok(()));
        read.and_then(|()| {
            self.connection
                .query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))
        })
    }

    fn is_ledger(&self) -> Result<(), LedgerError> {
        let number = |name: &str| {
            self.map(
                self.connection
                    .pragma_query_value(None, name, |row| row.get::<_, i64>(0)),
            )
        };
        if number("application_id")? != schema::APPLICATION_ID {
            let empty = number("page_count")? == 0;
            let why = if empty {
                "it is empty"
            } else {
                "it is another database"
            };
            return Err(LedgerError::NotALedger {
                path: self.path.clone(),
                why: why.to_owned(),
            });
        }
        let found = number("user_version")?;
        if found != schema::FORMAT {
            return Err(LedgerError::Format {
                path: self.path.clone(),
                found,
                expected: schema::FORMAT,
            });
        }
        match self.map(schema::difference(&self.connection))? {
            Some(what) => Err(LedgerError::Schema {
                path: self.path.clone(),
                what,
            }),
            None => Ok(()),
        }
    }

    /// What SQLite said, as an error of this ledger.
    pub(crate) fn map<T>(&self, result: rusqlite::Result<T>) -> Result<T, LedgerError> {
        result.map_err(|error| LedgerError::sqlite(&self.path, self.busy_timeout, error))
    }
}

/// SQLite would say of both that it cannot open them.
fn is_file(path: &Path) -> Result<(), LedgerError> {
    let metadata = fs::metadata(path).map_err(|error| LedgerError::io(path, error))?;
    if !metadata.is_file() {
        return Err(LedgerError::NotALedger {
            path: path.to_owned(),
            why: "it is no regular file".to_owned(),
        });
    }
    Ok(())
}

/// What a hostile file could do is switched off.
fn guarded(connection: &Connection, busy_timeout: Duration) -> rusqlite::Result<()> {
    // SQLite counts milliseconds in 32 bits, and who appends asks again until the time is over.
    let most = Duration::from_millis(i32::MAX as u64);
    connection.busy_timeout(busy_timeout.min(most))?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, ROW_BYTES)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.execute_batch("PRAGMA cell_size_check = ON")
}

/// A commit returns when its pages are on disk: the one promise that everything else rests on.
pub(crate) fn durable(connection: &Connection) -> rusqlite::Result<()> {
    // `fullfsync` is for systems whose plain `fsync` stops at the drive's own memory.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON",
    )
}

fn no_index(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// Where nothing beside the file can be written, nobody appends through this folder either. What stands in
/// a `-wal` file would be passed over, so there must be none.
fn immutable(
    path: &Path,
    flags: OpenFlags,
    busy_timeout: Duration,
) -> Result<Database, LedgerError> {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    if fs::metadata(wal).is_ok_and(|metadata| metadata.len() > 0) {
        return Err(LedgerError::Unmerged {
            path: path.to_owned(),
        });
    }
    let mut uri = "file:".to_owned();
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02x}").expect("a string takes it");
        }
    }
    uri.push_str("?immutable=1");
    let flags = flags | OpenFlags::SQLITE_OPEN_URI;
    let database = Database::connect(path, Path::new(&uri), flags, busy_timeout)?;
    database.map(database.begin_read())?;
    database.is_ledger()?;
    Ok(database)
}
