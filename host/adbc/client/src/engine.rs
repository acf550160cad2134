//! What is known of databases by name: where they are, how they divide statements, and which options keep a guest
//! inside.

use serde::{Deserialize, Serialize};

use crate::limits::DUCKDB_MEMORY;

/// How a database's SQL divides into statements, strings and comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sql {
    /// `'…'`, `"…"`, `` `…` ``, `[…]`.
    Sqlite,
    /// `'…'`, `E'…'`, `"…"`, `$tag$…$tag$`.
    Postgresql,
    /// A database whose SQL is not known.
    Other,
}

/// How rows are put into a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ingest {
    /// The driver appends to the table and matches columns by name.
    ByName,
    /// The driver matches columns by position and wants all of them. So the rows go into a temporary table first,
    /// and from there into the table by name.
    Staged,
}

/// What the program must know about a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits {
    /// Whether a part of a transaction can be undone with `SAVEPOINT`. If not, a change that fails undoes all
    /// changes of the run.
    pub savepoints: bool,
    /// How rows are put into a table.
    pub ingest: Ingest,
    /// Whether the driver's schema of a table has the declared types of the columns.
    pub declared_types: bool,
}

/// A database that is known by name.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    /// The library's name for the system's loader, without `lib` and `.so`.
    pub(crate) library: &'static str,
    pub(crate) entrypoint: &'static str,
    /// The option that takes a file, if the database is a file.
    pub(crate) path: Option<&'static str>,
    /// Options that keep a guest inside the database. Settings cannot change them.
    pub(crate) fixed: &'static [(&'static str, &'static str)],
    /// Options that settings can change.
    pub(crate) defaults: &'static [(&'static str, &'static str)],
    pub(crate) sql: Sql,
    pub(crate) traits: Traits,
    /// A statement that makes a connection refuse changes. It is used for runs that may only read.
    pub(crate) read_only: Option<&'static str>,
}

const KNOWN: [Engine; 4] = [
    Engine {
        name: "duckdb",
        library: "duckdb",
        entrypoint: "duckdb_adbc_init",
        path: Some("path"),
        fixed: &[
            // Otherwise `read_csv` and similar functions would read any file, and `httpfs` any address.
            ("enable_external_access", "false"),
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            ("lock_configuration", "true"),
        ],
        defaults: &[("memory_limit", DUCKDB_MEMORY)],
        sql: Sql::Postgresql,
        traits: Traits {
            savepoints: false,
            ingest: Ingest::Staged,
            declared_types: true,
        },
        read_only: None,
    },
    Engine {
        name: "sqlite",
        library: "adbc_driver_sqlite",
        entrypoint: "AdbcDriverInit",
        path: Some("uri"),
        fixed: &[],
        defaults: &[],
        sql: Sql::Sqlite,
        traits: Traits {
            savepoints: true,
            ingest: Ingest::ByName,
            declared_types: false,
        },
        read_only: Some("PRAGMA query_only = ON"),
    },
    Engine {
        name: "postgresql",
        library: "adbc_driver_postgresql",
        entrypoint: "AdbcDriverInit",
        path: None,
        fixed: &[],
        defaults: &[],
        sql: Sql::Postgresql,
        traits: Traits {
            savepoints: true,
            ingest: Ingest::ByName,
            declared_types: true,
        },
        read_only: Some("SET TRANSACTION READ ONLY"),
    },
    Engine {
        name: "flightsql",
        library: "adbc_driver_flightsql",
        entrypoint: "AdbcDriverInit",
        ..OTHER
    },
];

/// A database that only its driver knows.
pub(crate) const OTHER: Engine = Engine {
    name: "",
    library: "",
    entrypoint: "AdbcDriverInit",
    path: None,
    fixed: &[],
    defaults: &[],
    sql: Sql::Other,
    traits: Traits {
        savepoints: false,
        ingest: Ingest::ByName,
        declared_types: false,
    },
    read_only: None,
};

pub(crate) fn known(name: &str) -> Option<&'static Engine> {
    KNOWN.iter().find(|engine| engine.name == name)
}

pub(crate) fn names() -> String {
    let names: Vec<String> = KNOWN
        .iter()
        .map(|engine| format!("`{}`", engine.name))
        .collect();
    names.join(", ")
}
