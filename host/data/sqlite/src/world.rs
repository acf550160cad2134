//! The guest's world: a database in memory that has the granted tables, without rows, and no other tables.
//!
//! A guest's statement is compiled here first. So what was not granted does not exist for it: neither messages,
//! nor `sqlite_schema`, nor the table functions of `PRAGMA` can tell anything about it. Then the statement is
//! compiled in the database, where the guard checks it against the grants again.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::bounds;
use crate::catalogue::{Catalogue, Kind, Table};
use crate::error::StoreError;
use crate::ffi::{self, Engine};
use crate::functions;
use crate::grants::{Columns, Grants};
use crate::guard::{self, Phase, Refused, Rules, SharedGuard, lock};
use crate::limits::STEPS_BETWEEN_LOOKS;
use crate::work::{self, SharedWork};

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) guard: SharedGuard,
}

impl World {
    /// Makes the world in an empty database.
    pub(crate) fn new(
        mut connection: Connection,
        catalogue: &Catalogue,
        rules: &Rules,
        work: &SharedWork,
    ) -> rusqlite::Result<World> {
        ffi::without_small_pieces(&connection)?;
        for table in catalogue.tables.values() {
            if let Some(granted) = rules.of(&table.name) {
                for sql in definitions(table, |column| granted.has(column)) {
                    connection.execute_batch(&sql)?;
                }
            }
        }
        // As in the database, what is between double quotes is a name.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        functions::install(&connection, work)?;
        let views = catalogue
            .tables
            .values()
            .filter(|table| table.kind == Kind::View && rules.of(&table.name).is_some());
        for view in views {
            // SQLite finds the columns when a view is first used, and keeps them. The cost of a statement must not depend on that. A view of
            // what was not granted fails, and does so again.
            let _ = connection.prepare(&format!("SELECT 1 FROM {}", quoted(&view.name)));
        }
        // The world answers statements about the schema, which may take as long as others.
        work::watch(&mut connection, work, STEPS_BETWEEN_LOOKS)?;
        bounds::limit(&connection)?;
        let guard = guard::install(&mut connection)?;
        let mut rules = rules.clone();
        rules.schema = true;
        lock(&guard).rules = Arc::new(rules);
        Ok(World {
            engine: Engine::new(connection),
            guard,
        })
    }
}

/// The statements that make a table as the guest sees it.
fn definitions(table: &Table, sees: impl Fn(&str) -> bool) -> Vec<String> {
    if matches!(table.kind, Kind::View | Kind::Virtual) {
        return vec![table.sql.clone()];
    }
    let mut parts: Vec<String> = Vec::new();
    for column in table.columns.iter().filter(|column| sees(&column.name)) {
        let mut part = format!("{} {}", quoted(&column.name), declared(&column.declared));
        if column.not_null && !column.generated {
            part.push_str(" NOT NULL");
        }
        if let Some(default) = column.default.as_ref().filter(|_| !column.generated) {
            part.push_str(&if is_name(default) {
                format!(" DEFAULT {default}")
            } else {
                // The default may end with a comment.
                format!(" DEFAULT ({default}\n)")
            });
        }
        parts.push(part);
    }
    let key: Vec<&str> = table
        .key()
        .into_iter()
        .map(|at| table.columns[at].name.as_str())
        .collect();
    let has_key = !key.is_empty() && key.iter().all(|column| sees(column));
    if has_key {
        parts.push(format!("PRIMARY KEY ({})", list(&key)));
    }
    for unique in &table.unique {
        let unique: Vec<&str> = unique.iter().map(String::as_str).collect();
        if unique != key && unique.iter().all(|column| sees(column)) {
            parts.push(format!("UNIQUE ({})", list(&unique)));
        }
    }
    let end = if table.without_rowid && has_key {
        " WITHOUT ROWID"
    } else {
        ""
    };
    vec![format!(
        "CREATE TABLE {} ({}){end}",
        quoted(&table.name),
        parts.join(", ")
    )]
}

/// Whether a default is one name, quoted or not, as in `DEFAULT "open"` and `DEFAULT open`. SQLite takes it as text
/// there, but not in parentheses.
fn is_name(default: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii();
    match default.as_bytes().first() {
        Some(b'"' | b'`' | b'[') => true,
        Some(first) => !first.is_ascii_digit() && default.chars().all(is_part),
        None => false,
    }
}

/// Words of a type that must be in quotes, because a constraint of a column begins with them.
const NOT_IN_TYPES: [&str; 12] = [
    "as",
    "check",
    "collate",
    "constraint",
    "default",
    "generated",
    "not",
    "null",
    "on",
    "primary",
    "references",
    "unique",
];

/// A declared type, in quotes if it must have been in quotes in the database. SQLite does not keep them.
fn declared(declared: &str) -> String {
    let (name, size) = declared.split_once('(').unwrap_or((declared, ")"));
    let is_word = |word: &str| {
        word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !word.starts_with(|c: char| c.is_ascii_digit())
            && !NOT_IN_TYPES
                .iter()
                .any(|not| word.eq_ignore_ascii_case(not))
    };
    let is_size = |size: &str| size.chars().all(|c| c.is_ascii_digit() || " ,".contains(c));
    if name.split(' ').all(is_word) && size.strip_suffix(')').is_some_and(is_size) {
        declared.to_owned()
    } else {
        quoted(declared)
    }
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(crate) fn list<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name.as_ref())).collect();
    names.join(", ")
}

/// The rules for these grants, without views that reach further, and what an operator should know about the rest.
pub(crate) fn rules(
    engine: &mut Engine,
    guard: &SharedGuard,
    catalogue: &Catalogue,
    grants: &Grants,
) -> (Rules, Vec<StoreError>) {
    let mut rules = Rules::new(catalogue, grants);
    let mut problems = Vec::new();
    for name in grants.named() {
        if rules.of(name).is_none() {
            problems.push(StoreError::Grant(format!(
                "`{name}` is granted, but there is no such table\nhint: correct the name in the policy, or make the table"
            )));
        }
    }
    for table in catalogue.tables.values() {
        let granted = grants.of(&table.name).write;
        if granted.any() && !table.has_names_for_rows() {
            problems.push(StoreError::Grant(format!(
                "`{}` can only be read: its columns hide `rowid`, `_rowid_` and `oid`, so its rows have no names\nhint: \
                 rename one of these columns",
                table.name
            )));
        }
    }
    // A view may read another view, so this repeats until no more are removed.
    loop {
        let views = catalogue
            .tables
            .values()
            .filter(|table| table.kind == Kind::View);
        let far: Vec<(String, Refused)> = views
            .filter(|view| rules.of(&view.name).is_some())
            .filter_map(|view| {
                let columns: Vec<&str> = view
                    .columns
                    .iter()
                    .map(|column| column.name.as_str())
                    .filter(|column| {
                        rules
                            .of(&view.name)
                            .is_some_and(|granted| granted.has(column))
                    })
                    .collect();
                let sql = format!("SELECT {} FROM main.{}", list(&columns), quoted(&view.name));
                match trouble(engine, guard, &rules, &sql)? {
                    Trouble::Refused(refused) => Some((view.name.clone(), refused)),
                    Trouble::Broken(_) => None,
                }
            })
            .collect();
        if far.is_empty() {
            break;
        }
        for (view, refused) in far {
            rules.remove(&view);
            problems.push(reaches(&format!("the view `{view}`"), &refused));
        }
    }
    for table in catalogue
        .tables
        .values()
        .filter(|table| table.kind == Kind::Table)
    {
        let Some(granted) = rules
            .of(&table.name)
            .filter(|granted| granted.write == Columns::All)
        else {
            continue;
        };
        let name = quoted(&table.name);
        let mut changes = vec![
            format!("INSERT INTO main.{name} DEFAULT VALUES"),
            format!("DELETE FROM main.{name}"),
        ];
        if let Some(column) = table
            .columns
            .iter()
            .find(|column| !column.generated && granted.write.has(&column.name))
        {
            changes.push(format!(
                "UPDATE main.{name} SET {} = 0",
                quoted(&column.name)
            ));
        }
        let trouble = changes
            .iter()
            .find_map(|sql| trouble(engine, guard, &rules, sql));
        let who = format!(
            "`{}` cannot be changed: a trigger or a foreign key of it",
            table.name
        );
        match trouble {
            Some(Trouble::Refused(refused)) => problems.push(reaches(&who, &refused)),
            Some(Trouble::Broken(message)) => problems.push(StoreError::Grant(format!(
                "{who} does not compile: {message}\nhint: make what it needs, or drop it"
            ))),
            None => {}
        }
    }
    (rules, problems)
}

/// Why a guest could not make a statement of the host.
enum Trouble {
    /// It reaches what is not granted.
    Refused(Refused),
    /// Nobody can make it, for the reason that SQLite gives.
    Broken(String),
}

fn trouble(engine: &mut Engine, guard: &SharedGuard, rules: &Rules, sql: &str) -> Option<Trouble> {
    {
        let mut guard = lock(guard);
        guard.rules = Arc::new(rules.clone());
        guard.enter(Phase::Guest);
    }
    let prepared = engine.prepare(sql).map(drop);
    if prepared.is_ok() {
        engine.forget_last();
    }
    let mut guard = lock(guard);
    guard.enter(Phase::Host);
    match (guard.refused.take(), prepared) {
        (Some(refused), _) => Some(Trouble::Refused(refused)),
        (None, Err(Some(fault))) => Some(Trouble::Broken(fault.message)),
        (None, _) => None,
    }
}

fn reaches(who: &str, refused: &Refused) -> StoreError {
    let (does, name) = match refused {
        Refused::Read { table, column, .. } if column.is_empty() => ("reads", table.clone()),
        Refused::Read { table, column, .. } => ("reads", format!("{table}.{column}")),
        Refused::Write { table, .. } => ("changes", table.clone()),
        Refused::Function(name) => ("calls", name.clone()),
        Refused::Kind(kind) => ("needs", (*kind).to_owned()),
    };
    let hint = match refused {
        Refused::Read { .. } => {
            format!("add `{name}` to `data.read`, or take the other out of the grants")
        }
        Refused::Write { .. } => {
            format!("add `{name}` to `data.write`, or take the other out of the grants")
        }
        Refused::Function(_) | Refused::Kind(_) => {
            "guests cannot use it: take it out of the grants".to_owned()
        }
    };
    StoreError::Grant(format!(
        "{who} {does} `{name}`, which is not granted\nhint: {hint}"
    ))
}
