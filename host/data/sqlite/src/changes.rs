//! What a run changed: the rows before and after, by table, in the order of their keys.

use std::collections::BTreeMap;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Result, ToSql, params_from_iter};

use crate::catalogue::{Catalogue, Kind, Table};
use crate::limits::CHANGED_BYTES;
use crate::touched::{Before, Key, Row, stored};
use crate::value::Value;
use crate::world::{list, quoted};

/// A row that the run changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// Which row.
    pub key: Key,
    /// The row before the run. `None` if the run inserted it.
    pub before: Option<Row>,
    /// The row after the run. `None` if the run deleted it.
    pub after: Option<Row>,
}

/// The changed rows of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableChanges {
    /// The table.
    pub table: String,
    /// The names of the columns, in the order of the rows' values.
    pub columns: Vec<String>,
    /// In the order of their keys.
    pub rows: Vec<RowChange>,
    /// The changed rows that are not among these, because a run may not change so much. Only what does not take effect has such rows.
    pub left_out: LeftOut,
}

/// How many rows were changed of which the values are not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Rows that the run inserted.
    pub inserted: u64,
    /// Rows that it updated.
    pub updated: u64,
    /// Rows that it deleted.
    pub deleted: u64,
}

impl LeftOut {
    fn add(&mut self, before: Option<&Row>, after: Option<&Row>) {
        match (before, after) {
            (None, _) => self.inserted += 1,
            (Some(_), Some(_)) => self.updated += 1,
            (Some(_), None) => self.deleted += 1,
        }
    }
}

/// Everything that a run changed, so that it can be done again. It includes the tables of virtual tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) tables: Vec<TableChanges>,
    /// The last automatic keys of all tables that were touched. They stay used when the rows are gone again.
    pub(crate) sequences: Vec<(String, i64)>,
}

/// How the rows of a table are found and written.
pub(crate) struct Access {
    pub(crate) columns: Vec<String>,
    /// The names of the key's columns.
    key: Vec<String>,
    /// Their places among the columns, if the key is made of columns.
    key_places: Vec<usize>,
    /// Whether the key is not among the columns.
    key_apart: bool,
}

impl Access {
    pub(crate) fn of(table: &Table) -> Option<Access> {
        let columns: Vec<String> = stored(table)
            .map(|at| table.columns[at].name.clone())
            .collect();
        let key = if table.without_rowid {
            table
                .key()
                .into_iter()
                .map(|at| table.columns[at].name.clone())
                .collect()
        } else {
            vec![table.rowid()?.to_owned()]
        };
        let place = |name: &String| columns.iter().position(|column| column == name);
        let key_places = match table.without_rowid {
            true => key.iter().filter_map(place).collect(),
            false => Vec::new(),
        };
        Some(Access {
            key_places,
            columns,
            // A key that is written as a column is set already.
            key_apart: !table.without_rowid && !table.key_is_rowid(),
            key,
        })
    }

    fn condition(&self) -> String {
        let parts: Vec<String> = self
            .key
            .iter()
            .enumerate()
            .map(|(at, name)| format!("{} IS ?{}", quoted(name), at + 1))
            .collect();
        parts.join(" AND ")
    }

    pub(crate) fn select(&self, table: &str) -> String {
        format!(
            "SELECT {} FROM main.{} WHERE {}",
            list(&self.columns),
            quoted(table),
            self.condition()
        )
    }

    pub(crate) fn delete(&self, table: &str) -> String {
        format!(
            "DELETE FROM main.{} WHERE {}",
            quoted(table),
            self.condition()
        )
    }

    pub(crate) fn insert(&self, table: &str) -> String {
        let mut names = self.columns.clone();
        if self.key_apart {
            names.extend(self.key.iter().cloned());
        }
        let places: Vec<String> = (1..=names.len()).map(|at| format!("?{at}")).collect();
        format!(
            "INSERT INTO main.{} ({}) VALUES ({})",
            quoted(table),
            list(&names),
            places.join(", ")
        )
    }

    /// The values for an `INSERT`.
    pub(crate) fn inserted<'a>(&self, key: &'a Key, row: &'a Row) -> Vec<Bound<'a>> {
        let key = match key {
            Key::Rowid(rowid) if self.key_apart => Some(Bound::Rowid(*rowid)),
            _ => None,
        };
        row.iter().map(Bound::Value).chain(key).collect()
    }
}

pub(crate) enum Bound<'a> {
    Value(&'a Value),
    Rowid(i64),
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(match self {
            Bound::Value(value) => ToSqlOutput::Borrowed(value.as_ref()),
            Bound::Rowid(rowid) => ToSqlOutput::from(*rowid),
        })
    }
}

pub(crate) fn bound(key: &Key) -> Vec<Bound<'_>> {
    match key {
        Key::Rowid(rowid) => vec![Bound::Rowid(*rowid)],
        Key::Columns(values) => values.iter().map(Bound::Value).collect(),
    }
}

/// The row with this key as it is now, found with [`Access::select`]. SQLite also finds a row whose key only counts as equal,
/// such as `A` for `a` with `NOCASE`, or 1.0 for 1. That is another key, and the row is not found.
pub(crate) fn row_now(
    statement: &mut rusqlite::Statement<'_>,
    access: &Access,
    key: &Key,
) -> Result<Option<Row>> {
    let mut rows = statement.query(params_from_iter(bound(key)))?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let columns = 0..access.columns.len();
    let values: Row = columns
        .map(|at| Ok(row.get_ref(at)?.into()))
        .collect::<Result<_>>()?;
    let is_it = match key {
        Key::Rowid(_) => true,
        Key::Columns(key) => {
            let found = access.key_places.iter().map(|at| values.get(*at));
            found.eq(key.iter().map(Some))
        }
    };
    Ok(is_it.then_some(values))
}

/// What became of the rows that were touched, or `None` if a table is not known. Rows are left out from the first on that has more bytes than
/// may be kept.
pub(crate) fn net(
    connection: &Connection,
    catalogue: &Catalogue,
    touched: BTreeMap<String, Before>,
) -> Result<Option<Changes>> {
    let mut changes = Changes::default();
    let mut bytes = 0;
    let mut touched_names = Vec::new();
    for (name, rows) in touched {
        let Some((table, access)) = catalogue
            .get(&name)
            .and_then(|table| Some((table, Access::of(table)?)))
        else {
            return Ok(None);
        };
        let mut statement = connection.prepare(&access.select(&table.name))?;
        let mut changed = Vec::new();
        let mut left_out = LeftOut::default();
        for (key, before) in rows {
            let after = row_now(&mut statement, &access, &key)?;
            if before == after {
                continue;
            }
            bytes += after.iter().flatten().map(Value::bytes).sum::<usize>();
            if bytes > CHANGED_BYTES {
                left_out.add(before.as_ref(), after.as_ref());
            } else {
                changed.push(RowChange { key, before, after });
            }
        }
        touched_names.push(name);
        if !changed.is_empty() || left_out != LeftOut::default() {
            changes.tables.push(TableChanges {
                table: table.name.clone(),
                columns: access.columns,
                rows: changed,
                left_out,
            });
        }
    }
    // A look into the schema at the end of each run would take longer the more tables there are.
    if catalogue.keeps_keys && !touched_names.is_empty() {
        changes.sequences = sequences(connection, &touched_names)?;
    }
    Ok(Some(changes))
}

fn sequences(connection: &Connection, tables: &[String]) -> Result<Vec<(String, i64)>> {
    let mut sequences = Vec::new();
    let mut statement =
        connection.prepare("SELECT seq FROM main.sqlite_sequence WHERE name = ?1")?;
    for table in tables {
        for seq in statement.query_map([table], |row| row.get(0))? {
            sequences.push((table.clone(), seq?));
        }
    }
    Ok(sequences)
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.sequences.is_empty()
    }

    /// Whether these are all changes.
    pub(crate) fn is_whole(&self) -> bool {
        let mut tables = self.tables.iter();
        tables.all(|table| table.left_out == LeftOut::default())
    }

    /// The changes as people see them: rows have their primary keys, a full-text table has its own columns, and its inner tables
    /// are left out. Only the inner tables show what became of a virtual table that keeps no rows as they are, such as an
    /// R-tree.
    pub(crate) fn shown(&self, catalogue: &Catalogue) -> Vec<TableChanges> {
        let mut shown = Vec::new();
        for changes in &self.tables {
            let Some(table) = catalogue.get(&changes.table) else {
                continue;
            };
            if table.kind == Kind::Table {
                shown.push(by_primary_key(table, changes));
                continue;
            }
            let owner = catalogue.owner_of(&changes.table);
            let content = owner.map(|owner| format!("{}_content", owner.name));
            match (owner, content.and_then(|content| catalogue.get(&content))) {
                (Some(owner), Some(content)) if content.name == table.name => {
                    shown.push(of_full_text(owner, changes));
                }
                (_, Some(_)) => {}
                (_, None) => shown.push(by_primary_key(table, changes)),
            }
        }
        shown.sort_by(|one, two| one.table.cmp(&two.table));
        shown
    }
}

/// The changes with the rows' primary keys, as they were before the run, in their order. SQLite itself finds rows by rowids. A row
/// keeps its rowid if its table has no other key, or if its own is null: SQLite allows several of these.
fn by_primary_key(table: &Table, changes: &TableChanges) -> TableChanges {
    let mut shown = changes.clone();
    let key = table.key();
    let places: Vec<usize> = key
        .iter()
        .filter_map(|at| {
            let name = &table.columns[*at].name;
            changes.columns.iter().position(|column| column == name)
        })
        .collect();
    if table.without_rowid || table.key_is_rowid() || places.is_empty() {
        return shown;
    }
    for row in &mut shown.rows {
        let Some(values) = row.before.as_ref().or(row.after.as_ref()) else {
            continue;
        };
        let key: Box<[Value]> = places.iter().map(|at| values[*at].clone()).collect();
        if !key.contains(&Value::Null) {
            row.key = Key::Columns(key);
        }
    }
    shown.rows.sort_by(|one, two| one.key.cmp(&two.key));
    shown
}

/// The changes of a full-text table. In its inner table, the first column is the row's key and the others are the
/// table's columns.
fn of_full_text(owner: &Table, changes: &TableChanges) -> TableChanges {
    let columns = owner.columns.iter().filter(|column| !column.hidden);
    let without_id = |row: &Option<Row>| {
        row.as_ref()
            .map(|row| row.get(1..).unwrap_or_default().into())
    };
    TableChanges {
        table: owner.name.clone(),
        columns: columns.map(|column| column.name.clone()).collect(),
        rows: changes
            .rows
            .iter()
            .map(|row| RowChange {
                key: row.key.clone(),
                before: without_id(&row.before),
                after: without_id(&row.after),
            })
            .collect(),
        left_out: changes.left_out,
    }
}
