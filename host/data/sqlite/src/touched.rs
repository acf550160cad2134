//! Which rows a run has touched, and their values before.
//!
//! SQLite reports each row before it changes, whatever changes it: the statement, `REPLACE`, a trigger, a foreign
//! key, or a virtual table. Only the first report of a row counts, because it has the row as it was when the run
//! began. The row's final values are read when the run is settled. So a statement that was rolled back leaves
//! nothing behind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fractalaw_data_call::{CallError, Quota, Stop};
use rusqlite::types::ValueRef;

use crate::catalogue::{Catalogue, Kind, Table};
use crate::ffi::RowChange;
use crate::grants::Columns;
use crate::guard::Rules;
use crate::limits::{CHANGED_BYTES, CHANGED_ROWS};
use crate::messages;
use crate::price;
use crate::value::Value;

/// The rowids that SQLite takes at random. They begin at 1, but smaller ones than these are one in four million.
const RANDOM_ROWIDS: std::ops::RangeInclusive<i64> = 1 << 40..=1 << 62;

/// What identifies a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Its rowid, or its integer primary key.
    Rowid(i64),
    /// The primary key of a table without rowids. In what people see, also another primary key.
    Columns(Box<[Value]>),
}

/// The values of a row, in the order of the table's columns, without generated columns.
pub type Row = Box<[Value]>;

/// The rows before the run, by key. `None` for a row that did not exist.
pub(crate) type Before = BTreeMap<Key, Option<Row>>;

#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Whether a transaction is open in which rows may change. Virtual tables keep changes for a while, so they
    /// may write them outside of the statement that made them.
    pub(crate) watching: bool,
    catalogue: Arc<Catalogue>,
    /// What may be changed.
    pub(crate) rules: Arc<Rules>,
    /// What was changed that may not be, and that SQLite asks nobody about: a row that is in the way of `REPLACE`, in a table of which only
    /// columns may be changed, or a setting of full text.
    beyond: Option<CallError>,
    /// Tables with a new row of which SQLite may have taken the rowid at random. It does if no larger rowid is left.
    perhaps_random: BTreeSet<String>,
    /// By the table's name, as SQLite reports it.
    tables: Vec<(String, Before)>,
    rows: usize,
    bytes: usize,
    written_bytes: u64,
    /// What reading the tables again will cost.
    fuel: u64,
    /// The limit that was reached. Nothing more is kept, and the run must not be settled.
    over: Option<Quota>,
}

impl Touched {
    pub(crate) fn new(catalogue: Arc<Catalogue>) -> Touched {
        Touched {
            catalogue,
            ..Touched::default()
        }
    }

    /// Fails if a limit was reached.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        self.over.map_or(Ok(()), |quota| Err(Stop::Quota(quota)))
    }

    /// Takes out why what was changed may not be.
    pub(crate) fn take_beyond(&mut self) -> Option<CallError> {
        self.beyond.take()
    }

    /// Takes out the tables with a new row of which the rowid may be random.
    pub(crate) fn take_perhaps_random(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.perhaps_random)
    }

    /// Whether a row with the largest rowid was touched.
    pub(crate) fn has_largest_rowid(&self) -> bool {
        let mut tables = self.tables.iter();
        tables.any(|(_, rows)| rows.contains_key(&Key::Rowid(i64::MAX)))
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The bytes of all values that were changed, before and after.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// What the tables cost from which rows were changed so far.
    pub(crate) fn fuel(&self) -> u64 {
        self.fuel
    }

    /// Takes everything out, by the table's name.
    pub(crate) fn take(&mut self) -> BTreeMap<String, Before> {
        self.watching = false;
        self.rows = 0;
        self.bytes = 0;
        self.over = None;
        self.beyond = None;
        self.perhaps_random.clear();
        std::mem::take(&mut self.tables).into_iter().collect()
    }

    pub(crate) fn note(&mut self, change: &RowChange<'_>) {
        if !self.watching || self.over.is_some() {
            return;
        }
        let catalogue = Arc::clone(&self.catalogue);
        let Some(table) = catalogue.get(change.table) else {
            return;
        };
        if !matches!(table.kind, Kind::Table | Kind::Shadow) {
            return;
        }
        if table.kind == Kind::Table && change.has_old && !change.has_new {
            let granted = self.rules.of(&table.name);
            if granted.is_none_or(|granted| granted.write != Columns::All) {
                self.beyond
                    .get_or_insert_with(|| messages::replaces(&table.name));
            }
        }
        if let Some(owner) = of_settings(&catalogue, table, change) {
            self.beyond
                .get_or_insert_with(|| messages::settings(&owner.name));
        }
        if !change.has_old && !table.without_rowid && RANDOM_ROWIDS.contains(&change.new_rowid) {
            self.perhaps_random.insert(table.name.clone());
        }
        if change.has_old {
            let key = key(table, change.old_rowid, |column| {
                change.before(column).into()
            });
            self.keep(table, key, || {
                let stored = stored(table).map(|column| Value::from(change.before(column)));
                Some(stored.collect())
            });
        }
        for column in stored(table) {
            let long = |value| match value {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len() as u64,
                _ => 0,
            };
            self.written_bytes += long(change.before(column)) + long(change.after(column));
        }
        if change.has_new {
            let key = key(table, change.new_rowid, |column| {
                change.after(column).into()
            });
            self.keep(table, key, || None);
        }
    }

    fn keep(&mut self, table: &Table, key: Key, before: impl FnOnce() -> Option<Row>) {
        let place = match self.tables.iter().position(|(name, _)| *name == table.name) {
            Some(place) => place,
            None => {
                self.tables.push((table.name.clone(), Before::new()));
                self.fuel += price::changed_table(table.columns.len());
                self.tables.len() - 1
            }
        };
        let rows = &mut self.tables[place].1;
        if let std::collections::btree_map::Entry::Vacant(entry) = rows.entry(key) {
            let key: &[Value] = match entry.key() {
                Key::Rowid(_) => &[],
                Key::Columns(values) => values,
            };
            let key_bytes: usize = key.iter().map(Value::bytes).sum();
            let before = before();
            self.rows += 1;
            self.bytes += key_bytes + before.iter().flatten().map(Value::bytes).sum::<usize>();
            if self.rows > CHANGED_ROWS {
                self.over = Some(Quota::ChangedRows);
            } else if self.bytes > CHANGED_BYTES {
                self.over = Some(Quota::ChangedBytes);
            }
            entry.insert(before);
        }
    }
}

/// The full-text table whose settings this row is in. A guest that changes them with a special `INSERT` would change what other runs find, and
/// no effect would tell. FTS5 itself notes its version there.
fn of_settings<'c>(
    catalogue: &'c Catalogue,
    table: &Table,
    change: &RowChange<'_>,
) -> Option<&'c Table> {
    let ends = table.name.to_ascii_lowercase().ends_with("_config");
    if table.kind != Kind::Shadow || !ends {
        return None;
    }
    let owner = catalogue.owner_of(&table.name)?;
    let is_version = |value| matches!(value, ValueRef::Text(b"version") | ValueRef::Null);
    let is_own = is_version(change.before(0)) && is_version(change.after(0));
    (owner.module() == "fts5" && !is_own).then_some(owner)
}

/// The columns that a table stores and that a statement can set.
pub(crate) fn stored(table: &Table) -> impl Iterator<Item = usize> + Clone + '_ {
    (0..table.columns.len()).filter(|column| !table.columns[*column].generated)
}

fn key(table: &Table, rowid: i64, value: impl Fn(usize) -> Value) -> Key {
    if table.without_rowid {
        Key::Columns(table.key().into_iter().map(value).collect())
    } else {
        Key::Rowid(rowid)
    }
}
