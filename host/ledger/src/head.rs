//! The head: the ledger's own record of its id, its number of entries, and the hash of the last entry.

use rusqlite::{Connection, Row};

use crate::entry::{Hash, LedgerId};
use crate::error::LedgerError;
use crate::row::{self, Fields};

/// The one row of `ledger`.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) ledger_id: LedgerId,
    pub(crate) entry_count: u64,
    pub(crate) head_hash: Hash,
}

impl Head {
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Result<Head, LedgerError>> {
        let sql = "SELECT ledger_id, entry_count, head_hash FROM ledger";
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(())?;
        let Some(row) = rows.next()? else {
            return Ok(Err(rows_of_ledger("no row")));
        };
        let head = Head::parse(row);
        if rows.next()?.is_some() {
            return Ok(Err(rows_of_ledger("more than one row")));
        }
        Ok(head)
    }

    /// Whether the ledger with this head contains the other's entries: the last of them is in its chain.
    pub(crate) fn follows(
        &self,
        other: &Head,
        connection: &Connection,
    ) -> rusqlite::Result<Result<bool, LedgerError>> {
        if self.ledger_id != other.ledger_id || self.entry_count < other.entry_count {
            return Ok(Ok(false));
        }
        if self.entry_count == other.entry_count || other.entry_count == 0 {
            return Ok(Ok(
                other.entry_count == 0 || self.head_hash == other.head_hash
            ));
        }
        let found = row::at(connection, other.entry_count)?;
        Ok(found.map(|found| found.is_some_and(|entry| entry.hash() == other.head_hash)))
    }

    fn parse(row: &Row<'_>) -> Result<Head, LedgerError> {
        let row = Fields::of(row);
        Ok(Head {
            ledger_id: LedgerId(row.bytes(0, "ledger_id", "16 bytes")?),
            entry_count: row.number(1, "entry_count")?,
            head_hash: Hash(row.bytes(2, "head_hash", "32 bytes")?),
        })
    }
}

fn rows_of_ledger(found: &str) -> LedgerError {
    LedgerError::Malformed {
        entry_id: None,
        field: "ledger",
        found: found.to_owned(),
        expected: "one row",
    }
}
