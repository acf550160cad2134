//! Turns a row into an entry. Every field is checked first, because the file may be hostile.
//!
//! An error of SQLite is a different error, so a function here can fail in two ways.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::entry::{Entry, FIELD_BYTES, Hash, Role};
use crate::error::LedgerError;
use crate::key::Signature;

/// The columns that [`entry`] reads.
pub(crate) const SELECT: &str = "SELECT entry_id, run_id, timestamp, node_id, actor_id, actor_role, event_type, \
                      resource, detail, prev_hash, signature FROM entries";

/// The entry with that id, if there is one.
pub(crate) fn at(
    connection: &Connection,
    entry_id: u64,
) -> rusqlite::Result<Result<Option<Entry>, LedgerError>> {
    let sql = format!("{SELECT} WHERE entry_id = ?");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([entry_id as i64])?;
    Ok(rows.next()?.map(entry).transpose())
}

/// The entry with the highest id, if there is one.
pub(crate) fn last(
    connection: &Connection,
) -> rusqlite::Result<Result<Option<Entry>, LedgerError>> {
    let sql = format!("{SELECT} ORDER BY entry_id DESC LIMIT 1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(())?;
    Ok(rows.next()?.map(entry).transpose())
}

/// Reads a row of [`SELECT`].
pub(crate) fn entry(row: &Row<'_>) -> Result<Entry, LedgerError> {
    let mut row = Fields::of(row);
    let entry_id = row.number(0, "entry_id")?;
    row.entry_id = Some(entry_id);
    let role = row.text(5, "actor_role")?;
    Ok(Entry {
        entry_id,
        run_id: match row.value(1)? {
            ValueRef::Null => None,
            // In the hash zero means no run, so it cannot be the id of a run.
            ValueRef::Integer(0) => {
                return Err(row.malformed("run_id", "0".to_owned(), "a number from 1"));
            }
            _ => Some(row.number(1, "run_id")?),
        },
        timestamp: row.number(2, "timestamp")?,
        node_id: row.text(3, "node_id")?.to_owned(),
        actor_id: row.text(4, "actor_id")?.to_owned(),
        actor_role: Role::from_name(role).ok_or_else(|| {
            let found = role.chars().take(40).collect::<String>();
            let found = format!("`{}`", found.escape_debug());
            row.malformed("actor_role", found, "`ledger`, `host` or `micro-app`")
        })?,
        event_type: row.text(6, "event_type")?.to_owned(),
        resource: row.text(7, "resource")?.to_owned(),
        detail: row.text(8, "detail")?.to_owned(),
        prev_hash: Hash(row.bytes(9, "prev_hash", "32 bytes")?),
        signature: match row.value(10)? {
            ValueRef::Null => None,
            _ => Some(Signature(row.bytes(10, "signature", "64 bytes or none")?)),
        },
    })
}

/// The fields of a row, which can contain anything.
pub(crate) struct Fields<'a> {
    row: &'a Row<'a>,
    /// `None` for the ledger's own record, and before it is read.
    entry_id: Option<u64>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(row: &'a Row<'a>) -> Fields<'a> {
        Fields {
            row,
            entry_id: None,
        }
    }

    fn value(&self, index: usize) -> Result<ValueRef<'a>, LedgerError> {
        self.row
            .get_ref(index)
            .map_err(|error| self.malformed("row", error.to_string(), "a field"))
    }

    pub(crate) fn number(&self, index: usize, field: &'static str) -> Result<u64, LedgerError> {
        let expected = "a number from 0";
        match self.value(index)? {
            ValueRef::Integer(number) => u64::try_from(number)
                .map_err(|_| self.malformed(field, number.to_string(), expected)),
            other => Err(self.malformed(field, kind(other), expected)),
        }
    }

    fn text(&self, index: usize, field: &'static str) -> Result<&'a str, LedgerError> {
        let expected = "text";
        match self.value(index)? {
            ValueRef::Text(bytes) if bytes.len() > FIELD_BYTES => {
                let found = format!("{} bytes long", bytes.len());
                Err(self.malformed(field, found, "at most 4 MiB"))
            }
            ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                .map_err(|_| self.malformed(field, "not UTF-8".to_owned(), expected)),
            other => Err(self.malformed(field, kind(other), expected)),
        }
    }

    pub(crate) fn bytes<const N: usize>(
        &self,
        index: usize,
        field: &'static str,
        expected: &'static str,
    ) -> Result<[u8; N], LedgerError> {
        match self.value(index)? {
            ValueRef::Blob(bytes) => bytes.try_into().map_err(|_| {
                let found = format!("{} bytes long", bytes.len());
                self.malformed(field, found, expected)
            }),
            other => Err(self.malformed(field, kind(other), expected)),
        }
    }

    fn malformed(&self, field: &'static str, found: String, expected: &'static str) -> LedgerError {
        LedgerError::Malformed {
            entry_id: self.entry_id,
            field,
            found,
            expected,
        }
    }
}

fn kind(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "missing",
        ValueRef::Integer(_) => "a number",
        ValueRef::Real(_) => "a fraction",
        ValueRef::Text(_) => "text",
        ValueRef::Blob(_) => "bytes",
    }
    .to_owned()
}
