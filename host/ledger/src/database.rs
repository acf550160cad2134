//! Connections to a ledger's file. A file is only opened if it is a ledger.

use std::cell::Cell;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::connection::{durable, guarded, lacks_pages, merges_at_the_end};
use crate::descriptors;
use crate::error::LedgerError;
use crate::head::Head;
use crate::pages;
use crate::place::{Held, Place};
use crate::schema;

/// How long SQLite itself waits for the lock, each time that it is asked.
const BUSY_ATTEMPT: Duration = Duration::from_millis(20);

/// How long to wait for the lock after the process was told to end.
pub(crate) const HURRIED_WAIT: Duration = Duration::from_secs(1);

/// How often a file is read that does not seem to match its log.
const READ_ATTEMPTS: u32 = 10;

/// A connection, and what its errors need.
pub(crate) struct Database {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) busy_timeout: Duration,
    /// Becomes true when there is no more time to wait than [`HURRIED_WAIT`].
    pub(crate) hurried: Arc<AtomicBool>,
    /// The open files, if the ledger is appended to.
    held: Option<Held>,
    /// The newest entry that is known to be in the ledger. It must stay there.
    known: Cell<Option<Head>>,
}

impl Database {
    /// Opens a ledger to append to it.
    pub(crate) fn open(path: &Path, busy_timeout: Duration) -> Result<Database, LedgerError> {
        let place = Place::find_to_append(path)?;
        let has_log = place.has_log();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut database = Database::connect(path, place.real(), flags, busy_timeout)?;
        let read_only = || LedgerError::ReadOnly {
            path: path.to_owned(),
        };
        // Only after the log is known to belong to the file. Closing would write a foreign log into the file.
        database.map(merges_at_the_end(&database.connection, false))?;
        // SQLite also opens a file that cannot be written.
        if database.map(database.connection.is_readonly("main"))? {
            return Err(read_only());
        }
        match database.is_ledger() {
            // The folder is read-only: no file can be made beside the ledger.
            Err(LedgerError::Sqlite { source, .. }) if no_index(&source) => {
                return Err(read_only());
            }
            other => other?,
        }
        database.map(durable(&database.connection))?;
        database.map(database.begin_read())?;
        let fits = if has_log {
            database.log_fits(&place)
        } else {
            Ok(())
        };
        database.map(database.connection.execute_batch("ROLLBACK"))?;
        fits?;
        database.held = Some(place.hold(&database.connection)?);
        database.map(merges_at_the_end(&database.connection, true))?;
        database.check_appendable()?;
        // From here on the caller that appends asks again and again.
        let attempt = busy_timeout.min(BUSY_ATTEMPT);
        database.map(database.connection.busy_timeout(attempt))?;
        Ok(database)
    }

    /// Opens one state of a ledger to read it, in a transaction that has already begun.
    pub(crate) fn open_to_read(
        path: &Path,
        busy_timeout: Duration,
    ) -> Result<Database, LedgerError> {
        let place = Place::find(path)?;
        let has_log = place.has_log();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Database::connect(path, place.real(), flags, busy_timeout)?;
        match database.begin_read() {
            Ok(()) => {}
            // SQLite makes an index beside the file, which it cannot do in a read-only folder.
            Err(error) if no_index(&error) => {
                // Entries in a log would be skipped, so there must be no log.
                if has_log {
                    return Err(LedgerError::Unmerged {
                        path: path.to_owned(),
                    });
                }
                return database_alone(path, &place, busy_timeout);
            }
            Err(error) => return Err(LedgerError::sqlite(path, busy_timeout, error)),
        }
        database.is_ledger()?;
        if has_log {
            database.log_fits(&place)?;
        }
        Ok(database)
    }

    /// A connection to a ledger that is just being made and that nobody else knows of.
    pub(crate) fn new(connection: Connection, path: &Path) -> Database {
        Database {
            connection,
            path: path.to_owned(),
            busy_timeout: Duration::ZERO,
            hurried: Arc::default(),
            held: None,
            known: Cell::default(),
        }
    }

    /// Fails if a page that the next append writes to is not what it says.
    fn check_appendable(&self) -> Result<(), LedgerError> {
        self.map(self.connection.execute_batch("BEGIN"))?;
        let flaw = self.map(pages::appending_flaw(&self.connection, &self.path));
        self.map(self.connection.execute_batch("ROLLBACK"))?;
        match flaw? {
            Some(message) => Err(LedgerError::Corrupt {
                path: self.path.clone(),
                message,
            }),
            None => Ok(()),
        }
    }

    /// For a ledger that is appended to: fails if the name no longer leads to the open files.
    pub(crate) fn check_held(&self) -> Result<(), LedgerError> {
        let held = self.held.as_ref();
        held.map_or(Ok(()), |held| held.check(&self.connection))
    }

    /// Remembers an entry that is in the ledger and must stay there.
    pub(crate) fn know(&self, head: Head) {
        self.known.set(Some(head));
    }

    /// In a transaction: fails if the remembered entry is no longer in the ledger.
    pub(crate) fn check_known(&self, now: &Head) -> Result<(), LedgerError> {
        match self.known.get() {
            Some(known) if !self.map(now.follows(&known, &self.connection))?? => {
                Err(LedgerError::Lost {
                    path: self.path.clone(),
                    entry_id: known.entry_count,
                })
            }
            _ => Ok(()),
        }
    }

    /// Moves the log into the file, as far as other users of the log allow it, and checks that it is there. From
    /// then on the file alone is the ledger.
    pub(crate) fn settle(&self) -> Result<(), LedgerError> {
        let Some(held) = &self.held else {
            return Ok(());
        };
        self.check_held()?;
        self.check_stands()?;
        let sql = "PRAGMA wal_checkpoint(PASSIVE)";
        let moved = self.connection.query_row(sql, (), |row| {
            let [busy, frames, moved] = [row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?];
            Ok(busy == 0 && frames == moved)
        });
        let is_whole = match self.map(moved) {
            // The entries stay in the log, where they are as safe.
            Err(LedgerError::Full { .. } | LedgerError::NotWritten { .. }) => false,
            other => other?,
        };
        self.check_stands()?;
        if let (true, Some(known)) = (is_whole, self.known.get()) {
            let stands = self.file_stands(held.place(), |file| {
                Ok(file.ledger_id == known.ledger_id && file.entry_count >= known.entry_count)
            });
            if !stands {
                return Err(LedgerError::Lost {
                    path: self.path.clone(),
                    entry_id: known.entry_count,
                });
            }
        }
        self.check_held()
    }

    /// Like [`Database::check_known`], with what is in the files now.
    fn check_stands(&self) -> Result<(), LedgerError> {
        self.reread()?;
        self.map(self.connection.execute_batch("BEGIN"))?;
        let stands = self.map(Head::read(&self.connection)).flatten();
        let stands = stands.and_then(|now| self.check_known(&now));
        self.map(self.connection.execute_batch("ROLLBACK"))?;
        stands
    }

    /// Makes SQLite read from the files again, because others could have overwritten them.
    pub(crate) fn reread(&self) -> Result<(), LedgerError> {
        self.map(self.connection.release_memory())
    }

    /// In a transaction: fails unless the ledger with its log contains the file's own entries, and then what came
    /// later.
    fn log_fits(&self, place: &Place) -> Result<(), LedgerError> {
        let now = self.map(Head::read(&self.connection))??;
        let fits = self.file_stands(place, |file| {
            self.map(now.follows(file, &self.connection)).flatten()
        });
        match fits {
            true => Ok(()),
            false => Err(LedgerError::OtherLog {
                path: self.path.clone(),
            }),
        }
    }

    /// Whether the head of the file itself, without its log, is as it must be.
    ///
    /// Meanwhile another process may be moving the log into the file, or may have been killed while it did. This
    /// happens page by page and in order. So one page of the file may be old and another new, and pages that the
    /// first page counts may be missing. The head is in one page, so it is either old or new.
    fn file_stands(
        &self,
        place: &Place,
        stands: impl Fn(&Head) -> Result<bool, LedgerError>,
    ) -> bool {
        for _ in 0..READ_ATTEMPTS {
            let head = self.head_alone(place);
            if head.is_ok_and(|head| stands(&head).is_ok_and(|stands| stands)) {
                return true;
            }
        }
        false
    }

    fn head_alone(&self, place: &Place) -> Result<Head, LedgerError> {
        let alone = connect_alone(&self.path, place, self.busy_timeout)?;
        alone.map(lacks_pages(&alone.connection))?;
        alone.map(alone.begin_read())?;
        alone.is_ledger()?;
        alone.map(Head::read(&alone.connection)).flatten()
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
            busy_timeout,
            ..Database::new(connection, path)
        };
        database.map(guarded(&database.connection, busy_timeout))?;
        Ok(database)
    }

    fn begin_read(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN")?;
        // The transaction begins with the first read.
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
        if !(schema::OLDEST_FORMAT..=schema::FORMAT).contains(&found) {
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

    /// Turns an error of SQLite into an error of this ledger.
    pub(crate) fn map<T>(&self, result: rusqlite::Result<T>) -> Result<T, LedgerError> {
        result.map_err(|error| LedgerError::sqlite(&self.path, self.busy_timeout, error))
    }
}

fn no_index(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    ) && descriptors::exhausted().is_none()
}

/// Opens the file itself. Nothing beside it is read or made.
fn database_alone(
    path: &Path,
    place: &Place,
    busy_timeout: Duration,
) -> Result<Database, LedgerError> {
    let database = connect_alone(path, place, busy_timeout)?;
    database.map(database.begin_read())?;
    database.is_ledger()?;
    Ok(database)
}

fn connect_alone(
    path: &Path,
    place: &Place,
    busy_timeout: Duration,
) -> Result<Database, LedgerError> {
    let mut uri = "file:".to_owned();
    for &byte in place.real().as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02x}").expect("a string takes it");
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Database::connect(path, Path::new(&uri), flags, busy_timeout)
}
