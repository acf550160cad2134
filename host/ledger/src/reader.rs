//! Reads one state of a ledger, entry by entry.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::database::Database;
use crate::entry::{Entry, Hash};
use crate::error::LedgerError;
use crate::head::Head;
use crate::identity::Identity;
use crate::pages::structural_flaw;
use crate::row::{self, SELECT};

/// A reader waits only for another program's recovery after a crash.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The state of a ledger when it was opened. Hosts may append meanwhile.
pub struct Reader {
    database: Database,
    identity: Identity,
    pub(crate) head: Head,
}

impl Reader {
    /// Opens a ledger without changing it. In WAL mode SQLite keeps an index beside the file while it is open. If
    /// it cannot, a ledger that nobody writes can still be read.
    pub fn open(path: &Path) -> Result<Reader, LedgerError> {
        let database = Database::open_to_read(path, BUSY_TIMEOUT)?;
        let head = database.map(Head::read(&database.connection))??;
        let identity = database.map(Identity::read(&database.connection, &head))??;
        Ok(Reader {
            database,
            identity,
            head,
        })
    }

    /// What the ledger says of itself.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The recorded number of entries.
    pub fn entry_count(&self) -> u64 {
        self.head.entry_count
    }

    /// The recorded hash of the last entry.
    pub fn head_hash(&self) -> Hash {
        self.head.head_hash
    }

    /// Passes the entries to the visitor in order, beginning with that id, until there are no more or the visitor
    /// fails. A malformed entry is an error.
    ///
    /// All entries together may not have more bytes than the file. In a hostile file, thousands of entries can
    /// share the pages that contain their texts, and keeping them would need that much memory.
    pub fn visit<E: From<LedgerError>>(
        &self,
        from: u64,
        mut visitor: impl FnMut(Entry) -> Result<(), E>,
    ) -> Result<(), E> {
        let database = &self.database;
        let sql = format!("{SELECT} WHERE entry_id >= ? ORDER BY entry_id");
        let mut statement = database.map(database.connection.prepare(&sql))?;
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let mut rows = database.map(statement.query([from]))?;
        let mut left = database.map(bytes_of_pages(&database.connection))?;
        while let Some(row) = database.map(rows.next())? {
            let entry = row::entry(row)?;
            let texts = entry.texts();
            let bytes: u64 = texts.iter().map(|(_, text)| text.len() as u64).sum();
            left = left
                .checked_sub(bytes)
                .ok_or_else(|| LedgerError::Corrupt {
                    path: database.path.clone(),
                    message: format!(
                        "up to entry {}, its entries have more bytes than its pages",
                        entry.entry_id
                    ),
                })?;
            visitor(entry)?;
        }
        Ok(())
    }

    /// Checks all pages of the file, including those without entries.
    pub(crate) fn check_structure(&self) -> Result<(), LedgerError> {
        let flaw = structural_flaw(&self.database.connection);
        match self.database.map(flaw)? {
            Some(message) => Err(LedgerError::Corrupt {
                path: self.database.path.clone(),
                message,
            }),
            None => Ok(()),
        }
    }
}

/// The size of the file in bytes, as this transaction sees it.
fn bytes_of_pages(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    Ok(u64::from(number("page_count")?) * u64::from(number("page_size")?))
}
