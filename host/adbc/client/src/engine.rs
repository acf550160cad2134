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
    /// The same for a database that converts no text by itself when it inserts: each value is cast to the declared type of
    /// its column, as PostgreSQL names it.
    StagedAndCast,
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
    /// How an address of such a database begins. If the database is a file, its path follows. Otherwise the whole address
    /// is the `uri`.
    pub(crate) schemes: &'static [&'static str],
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
        schemes: &["duckdb:"],
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
        // A file without a scheme is an SQLite database, and the host itself opens it.
        schemes: &[],
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
        schemes: &["postgresql://", "postgres://"],
        path: None,
        fixed: &[],
        defaults: &[],
        sql: Sql::Postgresql,
        traits: Traits {
            savepoints: true,
            ingest: Ingest::StagedAndCast,
            declared_types: true,
        },
        read_only: Some("SET TRANSACTION READ ONLY"),
    },
    Engine {
        name: "flightsql",
        library: "adbc_driver_flightsql",
        entrypoint: "AdbcDriverInit",
        schemes: &["grpc://", "grpc+tcp://", "grpc+tls://"],
        ..OTHER
    },
];

/// A database that only its driver knows.
pub(crate) const OTHER: Engine = Engine {
    name: "",
    library: "",
    entrypoint: "AdbcDriverInit",
    schemes: &[],
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

/// The database with this address, and the scheme with which the address begins.
pub(crate) fn at(address: &str) -> Option<(&'static Engine, &'static str)> {
    KNOWN.iter().find_map(|engine| {
        let scheme = engine
            .schemes
            .iter()
            .find(|scheme| address.starts_with(**scheme));
        scheme.map(|scheme| (engine, *scheme))
    })
}

pub(crate) fn names() -> String {
    let names: Vec<String> = KNOWN
        .iter()
        .map(|engine| format!("`{}`", engine.name))
        .collect();
    names.join(", ")
}
