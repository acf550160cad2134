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
    Duckdb,
    /// The same.
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
    /// Whether the driver runs several statements in one text, but not if it is asked for parameters before: the database
    /// then takes only one.
    pub asks_for_parameters: bool,
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
    /// A statement with which the transaction of a run begins that may only read. The connection then refuses changes.
    pub(crate) begin_reading: &'static str,
    /// The statement with which the transaction of any other run begins.
    pub(crate) begin_writing: &'static str,
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
        sql: Sql::Duckdb,
        traits: Traits {
            savepoints: false,
            ingest: Ingest::Staged,
            declared_types: true,
            asks_for_parameters: false,
        },
        begin_reading: "",
        begin_writing: "",
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
            asks_for_parameters: false,
        },
        begin_reading: "PRAGMA query_only = ON",
        begin_writing: "",
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
            asks_for_parameters: true,
        },
        // The check of statements takes a backslash in a text for itself.
        begin_reading: "SELECT set_config('standard_conforming_strings', 'on', false), set_config('transaction_read_only', 'on', true)",
        begin_writing: "SELECT set_config('standard_conforming_strings', 'on', false)",
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
        asks_for_parameters: false,
    },
    begin_reading: "",
    begin_writing: "",
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
