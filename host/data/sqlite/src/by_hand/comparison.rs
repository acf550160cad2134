//! Which rows of two databases differ.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use rusqlite::{Rows, Statement};

use super::error::ByHandError;
use super::order;
use super::reader::Reader;
use crate::catalogue::{Catalogue, Kind, Table};
use crate::changes::RowChange;
use crate::touched::Key;
use crate::value::Value;
use crate::world::quoted;

/// Something in which two databases differ.
#[derive(Clone, Copy, Debug)]
pub enum Difference<'a> {
    /// A table, index, view or trigger is defined otherwise, or only in one of them.
    Definition {
        /// What it is, such as `table`.
        kind: &'a str,
        /// Its name.
        name: &'a str,
        /// The statement that makes it in the old database.
        before: Option<&'a str>,
        /// The same in the new one.
        after: Option<&'a str>,
    },
    /// A row was inserted, updated or deleted.
    Row {
        /// Its table.
        table: &'a str,
        /// The names of the columns, in the order of the values. Those that only the new table has come last.
        columns: &'a [String],
        /// The row. A column that one of the tables lacks is null there.
        change: &'a RowChange,
    },
}

/// Hands over the differences of two databases: first the definitions by name, then the rows by table, in the order
/// of their keys. A row is found again by its primary key, or by its rowid if its table has no primary key. What can
/// be computed from the rest is not compared: generated columns, views and the inner tables of virtual tables.
///
/// Rows are read one after another, so tables may be larger than memory.
pub fn compare(
    old: &Reader,
    new: &Reader,
    mut take: impl FnMut(Difference<'_>) -> ControlFlow<()>,
) -> Result<(), ByHandError> {
    let (before, after) = (Side::read(old)?, Side::read(new)?);
    if before.definitions(&after, &mut take).is_break() {
        return Ok(());
    }
    let names: BTreeSet<&String> = before.tables.keys().chain(after.tables.keys()).collect();
    for name in names {
        let (one, two) = (before.tables.get(name), after.tables.get(name));
        let Some(table) = two.or(one) else {
            continue;
        };
        let mut columns: Vec<String> = Vec::new();
        for column in one.into_iter().chain(two).flat_map(|table| &table.columns) {
            if !columns
                .iter()
                .any(|known| known.eq_ignore_ascii_case(column))
            {
                columns.push(column.clone());
            }
        }
        // Rows whose keys mean different things are not the same row.
        let pairs = match (one, two) {
            (Some(one), Some(two)) if one.key != two.key => {
                vec![(Some(one), None), (None, Some(two))]
            }
            pair => vec![pair],
        };
        for (one, two) in pairs {
            let mut left = one
                .map(|table| Sorted::of(old, table, &columns, before.order))
                .transpose()?;
            let mut right = two
                .map(|table| Sorted::of(new, table, &columns, after.order))
                .transpose()?;
            let mut hand = |change: &RowChange| {
                take(Difference::Row {
                    table: &table.name,
                    columns: &columns,
                    change,
                })
            };
            if merge(left.as_mut(), right.as_mut(), &mut hand)?.is_break() {
                return Ok(());
            }
        }
    }
    old.is_unchanged()?;
    new.is_unchanged()
}

/// What one of the databases has.
struct Side {
    /// The tables with rows of their own, by name in lower case.
    tables: BTreeMap<String, Compared>,
    /// The statements, by kind and name.
    definitions: BTreeMap<(String, String), String>,
    /// The collation of the keys.
    order: &'static str,
}

/// How a table is read.
struct Compared {
    name: String,
    columns: Vec<String>,
    /// The columns of the primary key, or the name of the rowid.
    key: Vec<String>,
    /// Whether the key is an integer that SQLite itself finds rows by.
    is_rowid: bool,
    /// A name for the rowid, which sorts rows whose keys are equal because they are null.
    rowid: Option<&'static str>,
}

impl Side {
    fn read(reader: &Reader) -> Result<Side, ByHandError> {
        let failed = |source| ByHandError::of(&reader.path, source);
        let catalogue = Catalogue::read(&reader.connection).map_err(failed)?;
        let tables = catalogue
            .tables
            .iter()
            .filter(|(_, table)| match table.kind {
                Kind::Table => true,
                // If the module is not compiled in, its tables count as tables of their own.
                Kind::Virtual => reader
                    .connection
                    .prepare(&format!("SELECT * FROM main.{}", quoted(&table.name)))
                    .is_ok(),
                Kind::View | Kind::Shadow => false,
            });
        let tables = tables
            .map(|(name, table)| (name.clone(), Compared::of(table)))
            .collect();
        let is_shadow = |name: &str| {
            catalogue
                .get(name)
                .is_some_and(|table| table.kind == Kind::Shadow)
        };
        let mut statement = reader
            .connection
            .prepare(
                "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL",
            )
            .map_err(failed)?;
        let mut rows = statement.query(()).map_err(failed)?;
        let mut definitions = BTreeMap::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let (kind, name, table, sql): (String, String, String, String) =
                row.try_into().map_err(failed)?;
            if !is_shadow(&table) && !name.starts_with("sqlite_") {
                definitions.insert((kind, name), sql);
            }
        }
        Ok(Side {
            tables,
            definitions,
            order: order::collation(&reader.connection).map_err(failed)?,
        })
    }

    fn definitions(
        &self,
        after: &Side,
        take: &mut impl FnMut(Difference<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let names: BTreeSet<_> = self
            .definitions
            .keys()
            .chain(after.definitions.keys())
            .collect();
        for at in names {
            let before = self.definitions.get(at).map(String::as_str);
            let after = after.definitions.get(at).map(String::as_str);
            if before != after {
                let (kind, name) = at;
                take(Difference::Definition {
                    kind,
                    name,
                    before,
                    after,
                })?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Compared {
    fn of(table: &Table) -> Compared {
        let stored = |at: &usize| !table.columns[*at].generated && !table.columns[*at].hidden;
        let name = |at: usize| table.columns[at].name.clone();
        let primary = table.key();
        let rowid = table.rowid();
        let key = match (primary.as_slice(), rowid) {
            ([], Some(rowid)) => vec![rowid.to_owned()],
            ([], None) => Vec::new(),
            (primary, _) => primary.iter().map(|at| name(*at)).collect(),
        };
        Compared {
            name: table.name.clone(),
            columns: (0..table.columns.len()).filter(stored).map(name).collect(),
            is_rowid: primary.is_empty() && rowid.is_some() || table.key_is_rowid(),
            key,
            rowid,
        }
    }
}

/// The rows of a table in the order of their keys.
struct Sorted<'r> {
    reader: &'r Reader,
    table: &'r Compared,
    statement: Statement<'r>,
}

impl<'r> Sorted<'r> {
    /// Reads these columns, and null for those that the table lacks.
    fn of(
        reader: &'r Reader,
        table: &'r Compared,
        columns: &[String],
        order_of_keys: &str,
    ) -> Result<Sorted<'r>, ByHandError> {
        let has = |column: &&String| {
            table
                .columns
                .iter()
                .any(|own| own.eq_ignore_ascii_case(column))
        };
        let key = table.key.iter().map(|column| quoted(column));
        let columns = columns.iter().map(|column| match has(&column) {
            true => quoted(column),
            false => "NULL".to_owned(),
        });
        let chosen: Vec<_> = key.clone().chain(columns).collect();
        let mut order: Vec<_> = key
            .map(|column| format!("{column} COLLATE {order_of_keys}"))
            .collect();
        order.extend(table.rowid.map(str::to_owned));
        let mut sql = format!(
            "SELECT {} FROM main.{}",
            chosen.join(", "),
            quoted(&table.name)
        );
        if !order.is_empty() {
            sql = format!("{sql} ORDER BY {}", order.join(", "));
        }
        let statement = reader.connection.prepare(&sql);
        let statement = statement.map_err(|source| ByHandError::of(&reader.path, source))?;
        Ok(Sorted {
            reader,
            table,
            statement,
        })
    }

    fn rows(&mut self) -> Stream<'_> {
        let columns = self.statement.column_count();
        Stream {
            columns,
            reader: self.reader,
            table: self.table,
            rows: self.statement.raw_query(),
            last: None,
        }
    }
}

/// A row, and the values that it is sorted by.
struct Found {
    key: Vec<Value>,
    values: Box<[Value]>,
}

struct Stream<'s> {
    reader: &'s Reader,
    table: &'s Compared,
    rows: Rows<'s>,
    columns: usize,
    last: Option<Vec<Value>>,
}

impl Stream<'_> {
    fn next(&mut self) -> Result<Option<Found>, ByHandError> {
        let path = &self.reader.path;
        let failed = |source| ByHandError::of(path, source);
        let Some(row) = self.rows.next().map_err(failed)? else {
            return Ok(None);
        };
        let keys = self.table.key.len();
        let mut values = (0..self.columns).map(|at| row.get_ref(at).map(Value::from));
        let key: Vec<_> = values
            .by_ref()
            .take(keys)
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        let values = values.collect::<Result<_, _>>().map_err(failed)?;
        // If SQLite sorted in another way, rows would be said to differ that do not.
        if self
            .last
            .as_ref()
            .is_some_and(|last| order::keys(last, &key).is_gt())
        {
            return Err(ByHandError::Order {
                path: path.clone(),
                table: self.table.name.clone(),
            });
        }
        self.last = Some(key.clone());
        Ok(Some(Found { key, values }))
    }

    fn key(&self, found: &Found) -> Key {
        match found.key.as_slice() {
            [Value::Integer(rowid)] if self.table.is_rowid => Key::Rowid(*rowid),
            values => Key::Columns(values.into()),
        }
    }
}

/// Walks through the rows of both sides in the order of their keys.
fn merge(
    left: Option<&mut Sorted<'_>>,
    right: Option<&mut Sorted<'_>>,
    hand: &mut dyn FnMut(&RowChange) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, ByHandError> {
    let (mut left, mut right) = (left.map(Sorted::rows), right.map(Sorted::rows));
    let next = |side: &mut Option<Stream<'_>>| side.as_mut().map_or(Ok(None), Stream::next);
    let (mut one, mut two) = (next(&mut left)?, next(&mut right)?);
    loop {
        let order = match (&one, &two) {
            (None, None) => return Ok(ControlFlow::Continue(())),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(two)) => order::keys(&one.key, &two.key),
        };
        let before = if order.is_le() { one.take() } else { None };
        let after = if order.is_ge() { two.take() } else { None };
        let is_same =
            matches!((&before, &after), (Some(one), Some(two)) if one.values == two.values);
        if !is_same {
            let key = match (&after, &right, &before, &left) {
                (Some(found), Some(side), ..) | (_, _, Some(found), Some(side)) => side.key(found),
                _ => return Ok(ControlFlow::Continue(())),
            };
            let change = RowChange {
                key,
                before: before.as_ref().map(|found| found.values.clone()),
                after: after.as_ref().map(|found| found.values.clone()),
            };
            if hand(&change).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if before.is_some() {
            one = next(&mut left)?;
        }
        if after.is_some() {
            two = next(&mut right)?;
        }
    }
}
