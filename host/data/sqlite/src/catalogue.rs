//! The tables of a database: their columns, keys and kinds, and which tables belong to a virtual one.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::tokens::tokens;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    View,
    Virtual,
    /// A table in which a virtual table keeps its data.
    Shadow,
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) declared: String,
    pub(crate) not_null: bool,
    pub(crate) default: Option<String>,
    /// The column's place in the primary key, from 1. It is 0 if the column is not in the key.
    pub(crate) key: usize,
    /// The column is computed from others, stored or not.
    pub(crate) generated: bool,
    /// A column of a virtual table that `SELECT *` leaves out.
    pub(crate) hidden: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) columns: Vec<Column>,
    pub(crate) without_rowid: bool,
    /// Whether SQLite checks types and converts nothing else.
    pub(crate) strict: bool,
    /// Whether the primary key has an index of its own, so that it is not the rowid.
    key_has_index: bool,
    /// Sets of columns that are unique together. All of them are columns of the table itself.
    pub(crate) unique: Vec<Vec<String>>,
    /// The columns of each index in lower case, as far as they have names.
    pub(crate) indexes: Vec<Vec<String>>,
    pub(crate) sql: String,
}

impl Table {
    /// The primary key's columns, as indices into the table's columns, in the order of the key.
    pub(crate) fn key(&self) -> Vec<usize> {
        let mut key: Vec<usize> = (0..self.columns.len())
            .filter(|at| self.columns[*at].key > 0)
            .collect();
        key.sort_by_key(|at| self.columns[*at].key);
        key
    }

    /// Whether the primary key is an integer that is the rowid.
    pub(crate) fn key_is_rowid(&self) -> bool {
        let key = self.key();
        !self.without_rowid
            && !self.key_has_index
            && key.len() == 1
            && self.columns[key[0]]
                .declared
                .eq_ignore_ascii_case("INTEGER")
    }

    /// A name for the table's rowid, if it has one and no column hides it.
    pub(crate) fn rowid(&self) -> Option<&'static str> {
        if self.without_rowid {
            return None;
        }
        ["rowid", "_rowid_", "oid"].into_iter().find(|name| {
            !self
                .columns
                .iter()
                .any(|column| column.name.eq_ignore_ascii_case(name))
        })
    }

    /// Whether each row can be found again, so that what a run changed can be told and done again. It cannot if columns
    /// hide all names of the rowid.
    pub(crate) fn has_names_for_rows(&self) -> bool {
        self.kind != Kind::Table || self.without_rowid || self.rowid().is_some()
    }

    /// The module of a virtual table, in lower case.
    pub(crate) fn module(&self) -> String {
        let mut after = tokens(&self.sql).skip_while(|token| !token.is("using"));
        after
            .nth(1)
            .map_or_else(String::new, |token| token.lower_name())
    }
}

/// A database's tables by name, in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) tables: BTreeMap<String, Table>,
    /// The names of tables that modules bring along, in lower case.
    pub(crate) modules: Vec<String>,
    /// The triggers, in lower case.
    pub(crate) triggers: Vec<String>,
    /// Whether SQLite keeps the last automatic keys of some tables.
    pub(crate) keeps_keys: bool,
}

impl Catalogue {
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Catalogue> {
        let mut tables = BTreeMap::new();
        let mut list = connection.prepare(
            "SELECT l.name, l.type, l.wr, coalesce(s.sql, ''), l.strict FROM pragma_table_list l \
             JOIN main.sqlite_schema s ON s.name = l.name AND s.type IN ('table', 'view') \
             WHERE l.schema = 'main' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name",
        )?;
        let mut rows = list.query(())?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let kind = match row.get_ref(1)?.as_str()? {
                "view" => Kind::View,
                "virtual" => Kind::Virtual,
                "shadow" => Kind::Shadow,
                _ => Kind::Table,
            };
            let columns = match columns(connection, &name) {
                // A view of what is gone, or a virtual table of a module that is not compiled in. Nobody can use it, and it is
                // in nobody's way.
                Err(_) if matches!(kind, Kind::View | Kind::Virtual) => continue,
                columns => columns?,
            };
            let [unique, indexes] = indexes(connection, &name)?;
            let table = Table {
                columns,
                unique,
                indexes,
                key_has_index: key_has_index(connection, &name)?,
                kind,
                without_rowid: row.get(2)?,
                sql: row.get(3)?,
                strict: row.get(4)?,
                name,
            };
            tables.insert(table.name.to_ascii_lowercase(), table);
        }
        let mut list = connection.prepare("SELECT lower(name) FROM pragma_module_list")?;
        let modules = list
            .query_map((), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut list = connection
            .prepare("SELECT lower(name) FROM main.sqlite_schema WHERE type = 'trigger'")?;
        let triggers = list
            .query_map((), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let keeps_keys = connection
            .prepare("SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'")?
            .exists(())?;
        Ok(Catalogue {
            tables,
            modules,
            triggers,
            keeps_keys,
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Table> {
        self.tables.get(&name.to_ascii_lowercase())
    }

    /// The virtual table that keeps its data in this table. The names of others may begin in the same way.
    pub(crate) fn owner_of(&self, shadow: &str) -> Option<&Table> {
        let tables = self.tables.values();
        tables
            .filter(|table| self.is_shadow_of(shadow, table))
            .max_by_key(|table| table.name.len())
    }

    /// Whether `shadow` is a table in which the virtual table `table` keeps its data.
    pub(crate) fn is_shadow_of(&self, shadow: &str, table: &Table) -> bool {
        let prefix = format!("{}_", table.name.to_ascii_lowercase());
        table.kind == Kind::Virtual
            && self
                .get(shadow)
                .is_some_and(|shadow| shadow.kind == Kind::Shadow)
            && shadow.to_ascii_lowercase().starts_with(&prefix)
    }
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Column>> {
    let mut list = connection.prepare(
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid",
    )?;
    let rows = list.query_map([table], |row| {
        let hidden: u8 = row.get(5)?;
        Ok(Column {
            name: row.get(0)?,
            declared: row.get(1)?,
            not_null: row.get(2)?,
            default: row.get(3)?,
            key: row.get::<_, u16>(4)?.into(),
            generated: hidden >= 2,
            hidden: hidden == 1,
        })
    })?;
    rows.collect()
}

/// A key that is declared `INTEGER PRIMARY KEY DESC` has one.
fn key_has_index(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk')";
    connection.query_row(sql, [table], |row| row.get(0))
}

/// The sets of columns that are unique, and the columns of all indexes.
fn indexes(connection: &Connection, table: &str) -> rusqlite::Result<[Vec<Vec<String>>; 2]> {
    let mut list = connection.prepare(
        "SELECT l.name, i.name, l.\"unique\" AND NOT l.partial FROM pragma_index_list(?1) l, pragma_index_info(l.name) i \
         ORDER BY l.seq, i.seqno",
    )?;
    let mut rows = list.query([table])?;
    let mut indexes: Vec<(String, bool, Vec<Option<String>>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (index, column): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        match indexes.last_mut().filter(|(name, ..)| *name == index) {
            Some((_, _, columns)) => columns.push(column),
            None => indexes.push((index, row.get(2)?, vec![column])),
        }
    }
    // An expression has no name, so an index with one is left out of what is unique.
    let unique = indexes.iter().filter(|(_, is_unique, _)| *is_unique);
    let unique = unique.filter_map(|(_, _, columns)| columns.iter().cloned().collect());
    let named =
        |column: &Option<String>| column.as_deref().unwrap_or_default().to_ascii_lowercase();
    let all = indexes
        .iter()
        .map(|(_, _, columns)| columns.iter().map(named).collect());
    Ok([unique.collect(), all.collect()])
}
