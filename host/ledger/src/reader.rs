//! Reading: every field of every row is examined before it is an entry, because the file may be hostile.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::create::Created;
use crate::database::Database;
use crate::entry::{Entry, FIELD_BYTES, Hash, LedgerId, Role, event};
use crate::error::LedgerError;
use crate::key::{PublicKey, Signature};
use crate::pages::structural_flaw;

/// A reader waits only for another program's recovery after a crash.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

const SELECT: &str = "SELECT entry_id, run_id, timestamp, node_id, actor_id, actor_role, event_type, \
                      resource, detail, prev_hash, signature FROM entries";

/// What a ledger says of itself in its first entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Which ledger it is.
    pub ledger_id: LedgerId,
    /// The node that it was made on.
    pub node_id: String,
    /// The key that its checkpoints are signed with.
    pub public_key: PublicKey,
}

/// One state of a ledger, as it was when it was opened; hosts may append meanwhile.
pub struct Reader {
    database: Database,
    identity: Identity,
    pub(crate) head: Head,
}

impl Reader {
    /// Opens a ledger without changing it. In WAL mode SQLite keeps an index beside the file while it is
    /// open; where it cannot, a ledger at rest is read all the same.
    pub fn open(path: &Path) -> Result<Reader, LedgerError> {
        let database = Database::open_to_read(path, BUSY_TIMEOUT)?;
        let head = database.map(Head::read(&database.connection))??;
        let identity = identity(&database, &head)?;
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

    /// How many entries it records.
    pub fn entry_count(&self) -> u64 {
        self.head.entry_count
    }

    /// The hash of the last one, as recorded.
    pub fn head_hash(&self) -> Hash {
        self.head.head_hash
    }

    /// Hands over the entries in order, beginning with that id, until there are no more or the visitor
    /// fails. One that is malformed is an error.
    ///
    /// All of them together have no more bytes than the file: in a hostile one, thousands of entries can be made to
    /// share the pages that their texts are in, and whoever keeps what is read would need that much memory.
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
            let entry = entry(row)?;
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

    /// Whether all pages of the file are in order, those without entries included.
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

/// The file as this transaction sees it, in bytes.
fn bytes_of_pages(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    Ok(u64::from(number("page_count")?) * u64::from(number("page_size")?))
}

/// What stands in the one row of `ledger`.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) ledger_id: LedgerId,
    pub(crate) entry_count: u64,
    pub(crate) head_hash: Hash,
}

impl Head {
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Result<Head, LedgerError>> {
        let sql = "SELECT ledger_id, entry_count, head_hash FROM ledger";
        let mut statement = connection.prepare(sql)?;
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

    /// Whether the ledger with this head has the other's entries: the last of them is in its chain.
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
        let sql = format!("{SELECT} WHERE entry_id = ?");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([other.entry_count as i64])?;
        let found = rows.next()?.map(entry).transpose();
        Ok(found.map(|found| found.is_some_and(|entry| entry.hash() == other.head_hash)))
    }

    fn parse(row: &Row<'_>) -> Result<Head, LedgerError> {
        let row = Fields {
            row,
            entry_id: None,
        };
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

pub(crate) fn last_entry(
    connection: &Connection,
) -> rusqlite::Result<Option<Result<Entry, LedgerError>>> {
    let sql = format!("{SELECT} ORDER BY entry_id DESC LIMIT 1");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(())?;
    Ok(rows.next()?.map(entry))
}

/// Who the ledger is, by its first entry.
pub(crate) fn identity(database: &Database, head: &Head) -> Result<Identity, LedgerError> {
    let sql = format!("{SELECT} WHERE entry_id = 1");
    let mut statement = database.map(database.connection.prepare(&sql))?;
    let mut rows = database.map(statement.query(()))?;
    let malformed = |field, found: &str, expected| LedgerError::Malformed {
        entry_id: Some(1),
        field,
        found: found.to_owned(),
        expected,
    };
    let Some(row) = database.map(rows.next())? else {
        return Err(malformed("entry_id", "missing", "the ledger's creation"));
    };
    let entry = entry(row)?;
    if (entry.actor_role, &*entry.event_type) != (Role::Ledger, event::LEDGER_CREATED) {
        return Err(malformed(
            "event_type",
            "something else",
            "the ledger's creation",
        ));
    }
    let created: Created = serde_json::from_str(&entry.detail)
        .map_err(|error| malformed("detail", &error.to_string(), "the ledger's id and key"))?;
    if created.ledger_id != head.ledger_id {
        return Err(malformed(
            "detail",
            "of another ledger",
            "the id that the ledger records",
        ));
    }
    Ok(Identity {
        ledger_id: created.ledger_id,
        node_id: entry.node_id,
        public_key: created.public_key,
    })
}

fn entry(row: &Row<'_>) -> Result<Entry, LedgerError> {
    let mut row = Fields {
        row,
        entry_id: None,
    };
    let entry_id = row.number(0, "entry_id")?;
    row.entry_id = Some(entry_id);
    let role = row.text(5, "actor_role")?;
    Ok(Entry {
        entry_id,
        run_id: match row.value(1)? {
            ValueRef::Null => None,
            // In the hash zero stands for none, so it cannot stand for a run.
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

/// The fields of a row, which can hold anything.
struct Fields<'a> {
    row: &'a Row<'a>,
    entry_id: Option<u64>,
}

impl<'a> Fields<'a> {
    fn value(&self, index: usize) -> Result<ValueRef<'a>, LedgerError> {
        self.row
            .get_ref(index)
            .map_err(|error| self.malformed("row", error.to_string(), "a field"))
    }

    fn number(&self, index: usize, field: &'static str) -> Result<u64, LedgerError> {
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

    fn bytes<const N: usize>(
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
