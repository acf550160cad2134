//! What SQLite asks before it compiles a statement: may it read this column, change that table, call this
//! function?
//!
//! Before that, the guest's statement has been compiled in a world that has only granted tables (`world.rs`). So
//! a name that is refused here is known to the guest, or the statement reaches it without naming it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::allowed::FUNCTIONS;
use crate::catalogue::{Catalogue, Kind};
use crate::ffi::Does;
use crate::grants::{Columns, Granted, Grants};
use crate::words;

/// Who is compiling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The host itself.
    #[default]
    Host,
    /// A guest's statement.
    Guest,
    /// SQLite, while a guest's statement is stepped. Virtual tables then read and write their own tables.
    Within,
}

/// What was refused. It is the reason why a statement did not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Reading a table or column.
    Read {
        table: String,
        column: String,
        /// Whether a view or a trigger reads it.
        by_definer: bool,
    },
    /// Changing a table or column.
    Write {
        table: String,
        column: Option<String>,
    },
    /// Calling a function.
    Function(String),
    /// A kind of statement.
    Kind(&'static str),
}

/// What one set of grants allows in one database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// The tables that exist for the guest, by name in lower case.
    tables: BTreeMap<String, Granted>,
    /// Those that are virtual.
    virtuals: BTreeSet<String>,
    /// The inner tables of its virtual tables.
    shadows: BTreeMap<String, Granted>,
    /// The names of tables that modules bring along.
    modules: Vec<String>,
    /// All tables of the database, and the views and triggers, which read and change tables in their own name.
    all: BTreeSet<String>,
    definers: BTreeSet<String>,
    /// Whether the schema itself may be read. That is so only in the world of granted tables.
    pub(crate) schema: bool,
}

impl Rules {
    pub(crate) fn new(catalogue: &Catalogue, grants: &Grants) -> Rules {
        let mut rules = Rules {
            modules: catalogue.modules.clone(),
            all: catalogue.tables.keys().cloned().collect(),
            definers: catalogue.triggers.iter().cloned().collect(),
            ..Rules::default()
        };
        for table in catalogue.tables.values() {
            let mut granted = grants.of(&table.name);
            if !table.has_names_for_rows() {
                granted.write = Columns::Nothing;
            }
            if table.kind == Kind::View {
                rules.definers.insert(table.name.to_ascii_lowercase());
            }
            let exists = match table.kind {
                Kind::Shadow => false,
                // A part of a virtual table cannot be granted, because a search in it would use the words of the
                // whole table.
                Kind::Virtual => {
                    granted.is_whole() && matches!(table.module().as_str(), "fts5" | "rtree")
                }
                Kind::Table | Kind::View => granted.read.any() || granted.write.any(),
            };
            if !exists {
                continue;
            }
            for shadow in catalogue.tables.keys() {
                if catalogue.is_shadow_of(shadow, table) {
                    rules.shadows.insert(shadow.clone(), granted.clone());
                }
            }
            if table.kind == Kind::Virtual {
                rules.virtuals.insert(table.name.to_ascii_lowercase());
            }
            rules
                .tables
                .insert(table.name.to_ascii_lowercase(), granted);
        }
        rules
    }

    /// The virtual tables that exist for the guest.
    pub(crate) fn virtuals(&self) -> impl Iterator<Item = &str> {
        self.virtuals.iter().map(String::as_str)
    }

    /// The tables of which something may be done, but not everything read.
    pub(crate) fn read_in_part(&self) -> impl Iterator<Item = &str> {
        let parts = self.tables.iter();
        parts.filter_map(|(name, granted)| (granted.read != Columns::All).then_some(name.as_str()))
    }

    /// Removes a view that reaches further than it may. It no longer exists for the guest.
    pub(crate) fn remove(&mut self, table: &str) {
        self.tables.remove(&table.to_ascii_lowercase());
    }

    pub(crate) fn of(&self, table: &str) -> Option<&Granted> {
        self.tables.get(&table.to_ascii_lowercase())
    }

    /// Whether only some columns of a table may be read.
    pub(crate) fn reads_parts(&self) -> bool {
        let mut tables = self.tables.values();
        tables.any(|granted| matches!(granted.read, Columns::Some(_)))
    }

    /// Whether all tables of the database are granted as a whole.
    pub(crate) fn all_whole(&self) -> bool {
        self.all.iter().all(|table| {
            self.shadows.contains_key(table) || self.of(table).is_some_and(Granted::is_whole)
        })
    }

    /// Whether a table of this name is not one that somebody made. It is SQLite's own, a module brings it along,
    /// or a virtual table keeps its data in it.
    pub(crate) fn is_inner(&self, name: &str) -> bool {
        self.shadows.contains_key(&name.to_ascii_lowercase()) || self.is_modules_own(name)
    }

    fn is_modules_own(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        name.starts_with("pragma_") || name.starts_with("sqlite_") || self.modules.contains(&name)
    }
}

/// Modules whose tables are functions of their arguments.
const TABLE_FUNCTIONS: [&str; 2] = ["json_each", "json_tree"];

/// What may be read of the schema. This applies only where the schema has nothing but what is granted.
const SCHEMA_TABLES: [&str; 8] = [
    "pragma_foreign_key_list",
    "pragma_index_info",
    "pragma_index_list",
    "pragma_table_info",
    "pragma_table_list",
    "pragma_table_xinfo",
    "sqlite_master",
    "sqlite_schema",
];

const SCHEMA_PRAGMAS: [&str; 6] = [
    "foreign_key_list",
    "index_info",
    "index_list",
    "table_info",
    "table_list",
    "table_xinfo",
];

/// The authorizer of one connection.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    pub(crate) phase: Phase,
    pub(crate) rules: Arc<Rules>,
    pub(crate) refused: Option<Refused>,
    /// Whether the statement reads the schema, and whether it reads anything else.
    pub(crate) reads_schema: bool,
    pub(crate) reads_tables: bool,
    /// Whether it changes a table.
    pub(crate) changes_tables: bool,
    /// Whether it uses a virtual table.
    pub(crate) of_virtual: bool,
    /// What the statement calls, as far as its price depends on it. Views and triggers count too.
    searches: bool,
    json: bool,
    dates: bool,
    looks_through: bool,
    looks_at_text: bool,
}

pub(crate) type SharedGuard = Arc<Mutex<Guard>>;

pub(crate) fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Installs a guard on `connection`, which SQLite asks from now on.
pub(crate) fn install(connection: &mut rusqlite::Connection) -> rusqlite::Result<SharedGuard> {
    let shared = SharedGuard::default();
    let asked = Arc::clone(&shared);
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        lock(&asked).judge(&context)
    }))?;
    Ok(shared)
}

impl Guard {
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        if phase == Phase::Guest {
            self.refused = None;
            self.reads_schema = false;
            self.reads_tables = false;
            self.changes_tables = false;
            self.of_virtual = false;
            self.searches = false;
            self.json = false;
            self.dates = false;
            self.looks_through = false;
            self.looks_at_text = false;
        }
    }

    /// What the last compiled statement does.
    pub(crate) fn does(&self) -> Does {
        Does {
            reads_schema: self.reads_schema,
            reads_tables: self.reads_tables,
            changes_tables: self.changes_tables,
            of_virtual: self.of_virtual,
            searches: self.searches,
            json: self.json,
            dates: self.dates,
            commas: 0,
            looks_through: self.looks_through,
            looks_at_text: self.looks_at_text,
        }
    }

    fn judge(&mut self, context: &AuthContext<'_>) -> Authorization {
        if self.phase == Phase::Host {
            return Authorization::Allow;
        }
        let definer = context
            .accessor
            .is_some_and(|name| self.rules.definers.contains(&name.to_ascii_lowercase()));
        // A view or a trigger has a text of its own, which is not the statement's.
        self.searches |= definer;
        self.looks_through |= definer;
        match self.refuses(context, definer) {
            None => Authorization::Allow,
            Some(refused) => {
                // The first refusal is the cause. Others follow from it.
                self.refused.get_or_insert(refused);
                Authorization::Deny
            }
        }
    }

    fn refuses(&mut self, context: &AuthContext<'_>, definer: bool) -> Option<Refused> {
        let within = self.phase == Phase::Within;
        match context.action {
            AuthAction::Select | AuthAction::Recursive => None,
            AuthAction::Read {
                table_name,
                column_name,
            } => {
                let in_schema = context.database_name.is_some();
                self.refuses_read(table_name, column_name, in_schema, definer)
            }
            AuthAction::Insert { table_name } | AuthAction::Delete { table_name } => {
                self.refuses_write(table_name, None)
            }
            AuthAction::Update {
                table_name,
                column_name,
            } => self.refuses_write(table_name, Some(column_name)),
            AuthAction::Function { function_name } => {
                let name = function_name.to_ascii_lowercase();
                let looks_through = words::looks_through(&name);
                self.looks_through |= looks_through;
                self.looks_at_text |= looks_through;
                self.searches |= words::searches(&name);
                self.json |= words::is_of_json(&name);
                self.dates |= words::is_of_dates(&name);
                FUNCTIONS
                    .binary_search(&name.as_str())
                    .is_err()
                    .then_some(Refused::Function(name))
            }
            // With this pragma, FTS5 finds out whether somebody else has written.
            AuthAction::Pragma { pragma_name, .. } if within && pragma_name == "data_version" => {
                None
            }
            AuthAction::Pragma { pragma_name, .. }
                if self.rules.schema && SCHEMA_PRAGMAS.contains(&pragma_name) =>
            {
                self.reads_schema = true;
                None
            }
            ref other => Some(Refused::Kind(kind(other))),
        }
    }

    /// `in_schema`: SQLite says in which database the table is.
    fn refuses_read(
        &mut self,
        table: &str,
        column: &str,
        in_schema: bool,
        definer: bool,
    ) -> Option<Refused> {
        let lower = table.to_ascii_lowercase();
        self.of_virtual |= self.rules.virtuals.contains(&lower);
        if TABLE_FUNCTIONS.contains(&lower.as_str()) {
            return None;
        }
        if self.rules.schema && SCHEMA_TABLES.contains(&lower.as_str()) {
            self.reads_schema = true;
            return None;
        }
        let granted = self.rules.of(&lower).or_else(|| {
            let shadow = self.rules.shadows.get(&lower);
            shadow.filter(|_| self.phase == Phase::Within)
        });
        let allowed = match granted {
            Some(granted) if column.is_empty() => granted.read.any(),
            Some(granted) => granted.read.has(column),
            // The name of a common table expression of which no column is used: it is in no database. The statement
            // compiled in the guest's world, so it names no table that is not granted. What modules bring along is in
            // both, and a trigger was not compiled there. SQLite says for each table of a view or a trigger in which
            // database it is, however deep in subqueries the table is.
            None => {
                column.is_empty()
                    && !in_schema
                    && self.phase == Phase::Guest
                    && !self.rules.is_inner(&lower)
            }
        };
        self.reads_tables |= granted.is_some();
        (!allowed).then(|| Refused::Read {
            table: lower,
            column: column.to_ascii_lowercase(),
            by_definer: definer,
        })
    }

    fn refuses_write(&mut self, table: &str, column: Option<&str>) -> Option<Refused> {
        self.changes_tables = true;
        let lower = table.to_ascii_lowercase();
        self.of_virtual |= self.rules.virtuals.contains(&lower);
        let granted = self.rules.of(&lower).or_else(|| {
            let shadow = self.rules.shadows.get(&lower);
            shadow.filter(|_| self.phase == Phase::Within)
        });
        let allowed = granted.is_some_and(|granted| match column {
            Some(column) => granted.write.has(column),
            None => granted.write == crate::grants::Columns::All,
        });
        if !allowed && matches!(lower.as_str(), "sqlite_master" | "sqlite_temp_master") {
            return Some(Refused::Kind(TABLES_THEMSELVES));
        }
        (!allowed).then(|| Refused::Write {
            table: lower,
            column: column.map(str::to_ascii_lowercase),
        })
    }
}

pub(crate) const TABLES_THEMSELVES: &str = "CREATE, DROP, ALTER or ANALYZE";

fn kind(action: &AuthAction<'_>) -> &'static str {
    match action {
        AuthAction::Attach { .. } => "ATTACH",
        AuthAction::Detach { .. } => "DETACH",
        AuthAction::Pragma { .. } => "PRAGMA",
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => "a transaction",
        AuthAction::Analyze { .. } => "ANALYZE",
        AuthAction::Reindex { .. } => "REINDEX",
        // The other actions create, drop or alter tables and what belongs to them.
        _ => TABLES_THEMSELVES,
    }
}
