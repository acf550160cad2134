//! What a run may read and change, by table and column.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

/// The columns of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Columns {
    #[default]
    Nothing,
    Some(BTreeSet<String>),
    All,
}

impl Columns {
    pub(crate) fn has(&self, column: &str) -> bool {
        match self {
            Columns::Nothing => false,
            Columns::Some(columns) => columns.contains(&column.to_ascii_lowercase()),
            Columns::All => true,
        }
    }

    pub(crate) fn any(&self) -> bool {
        *self != Columns::Nothing
    }

    fn add(&mut self, column: Option<&str>) {
        match (column, &mut *self) {
            (None, _) => *self = Columns::All,
            (Some(column), Columns::Some(columns)) => {
                columns.insert(column.to_ascii_lowercase());
            }
            (Some(column), Columns::Nothing) => {
                *self = Columns::Some(BTreeSet::from([column.to_ascii_lowercase()]));
            }
            (Some(_), Columns::All) => {}
        }
    }
}

/// What is granted of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Granted {
    pub(crate) read: Columns,
    pub(crate) write: Columns,
}

impl Granted {
    pub(crate) fn has(&self, column: &str) -> bool {
        self.read.has(column) || self.write.has(column)
    }

    /// Whether the whole table may be read, or the whole table may be changed.
    pub(crate) fn is_whole(&self) -> bool {
        self.read == Columns::All || self.write == Columns::All
    }
}

/// What a policy grants: tables and views (`"t"`, or `"t.*"`), single columns of them (`"t.c"`), or all (`"*"`).
/// Upper and lower case are the same.
///
/// A grant to write single columns allows updates of them. Inserting and deleting rows needs the whole table,
/// because both set every column. A statement that finds rows by a column also reads that column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Grants {
    tables: BTreeMap<String, Granted>,
    others: Granted,
}

/// An entry that is not a grant.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` names no table, expected `table`, `table.*`, `table.column` or `*`")]
pub struct GrantError(pub String);

impl Grants {
    /// Grants from the lists of a policy.
    pub fn new<T: AsRef<str>>(read: &[T], write: &[T]) -> Result<Grants, GrantError> {
        let mut grants = Grants::default();
        for entry in read {
            grants.add(entry.as_ref(), |granted| &mut granted.read)?;
        }
        for entry in write {
            grants.add(entry.as_ref(), |granted| &mut granted.write)?;
        }
        Ok(grants)
    }

    fn add(
        &mut self,
        entry: &str,
        side: impl Fn(&mut Granted) -> &mut Columns,
    ) -> Result<(), GrantError> {
        let (table, column) = match entry.split_once('.') {
            Some((table, "*")) => (table, None),
            Some((table, column)) => (table, Some(column)),
            None => (entry, None),
        };
        let is_name = |name: &str| !name.is_empty() && !name.contains(['.', '*', '\0']);
        if table == "*" && column.is_none() {
            side(&mut self.others).add(None);
            return Ok(());
        }
        if !is_name(table) || !column.is_none_or(is_name) {
            return Err(GrantError(entry.to_owned()));
        }
        side(self.tables.entry(table.to_ascii_lowercase()).or_default()).add(column);
        Ok(())
    }

    /// What is granted of a table. The table need not exist.
    pub(crate) fn of(&self, table: &str) -> Granted {
        let mut granted = self
            .tables
            .get(&table.to_ascii_lowercase())
            .cloned()
            .unwrap_or_default();
        if self.others.read.any() {
            granted.read = Columns::All;
        }
        if self.others.write.any() {
            granted.write = Columns::All;
        }
        granted
    }

    /// Whether a run may change anything. Such a run waits in line with other writers.
    pub fn writes(&self) -> bool {
        self.others.write.any() || self.tables.values().any(|granted| granted.write.any())
    }

    /// The tables that are named one by one.
    pub(crate) fn named(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::{GrantError, Grants};

    #[test]
    fn entries_are_read_as_tables_and_columns() {
        let grants = Grants::new(&["A", "b.*", "c.Name", "c.id"], &["c.name"]).unwrap();
        let granted = |table: &str, column: &str| {
            let granted = grants.of(table);
            (granted.read.has(column), granted.write.has(column))
        };
        assert_eq!(granted("a", "x"), (true, false));
        assert_eq!(granted("B", "x"), (true, false));
        assert_eq!(granted("c", "NAME"), (true, true));
        assert_eq!(granted("c", "id"), (true, false));
        assert_eq!(granted("c", "secret"), (false, false));
        assert_eq!(granted("d", "x"), (false, false));
        let quoted = Grants::new(&["say \"x\".id"], &[]).unwrap();
        assert!(quoted.of("say \"X\"").read.has("id"));
        assert!(grants.writes());
        assert!(!Grants::new(&["*"], &[]).unwrap().writes());
        for wrong in ["", ".", "a.", ".a", "a.b.c", "*.a", "a*"] {
            assert_eq!(
                Grants::new(&[wrong], &[]),
                Err(GrantError(wrong.to_owned())),
                "{wrong}"
            );
        }
    }
}
