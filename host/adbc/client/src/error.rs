//! What goes wrong with a database, as the host's operator is told it, and how a run's end fails.

use std::io;
use std::path::PathBuf;

use fractalaw_data_call::CallError;
use thiserror::Error;

/// Settings that cannot be used. They are checked before anything is started.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// The settings are not a table with the known fields.
    #[error("{0}")]
    Shape(String),
    /// The address belongs to no driver that is known.
    #[error(
        "`{scheme}` is not the beginning of an address that a driver is known for, expected `duckdb:FILE`, `postgresql://…` or `grpc://…`\nhint: name any other driver in a table, with `driver`, `library` and `uri`"
    )]
    Address {
        /// What stands before the first `:`.
        scheme: String,
    },
    /// There are no defaults for this engine.
    #[error(
        "`driver = \"{engine}\"` is not known here, expected {known}, or a `library`\nhint: name the driver's shared library with `library = \"PATH\"`"
    )]
    UnknownEngine {
        /// The engine, as it was written.
        engine: String,
        /// The engines that have defaults.
        known: String,
    },
    /// The settings name neither a file nor a server, or both.
    #[error("`driver = \"{engine}\"` has {found}, expected {expected}\nhint: {hint}")]
    Place {
        /// The engine, as it was written.
        engine: String,
        /// What it contains.
        found: &'static str,
        /// What the settings should name.
        expected: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// The settings have a password in them.
    #[error(
        "`{key}` has a secret in it, expected the name of an environment variable in its place\nhint: write `${{NAME}}` for it, and set `NAME` in the host's environment"
    )]
    PlainSecret {
        /// The setting.
        key: String,
    },
    /// There is a `${` without a name and `}`.
    #[error("`{key}` has a `${{` that names no variable\nhint: write `${{NAME}}`")]
    Placeholder {
        /// The setting.
        key: String,
    },
    /// The environment variable of a secret is not set.
    #[error(
        "`{key}` takes its secret from the environment variable `{variable}`, which is not set\nhint: set `{variable}` where the host is started"
    )]
    NoSecret {
        /// The setting.
        key: String,
        /// The name of the variable.
        variable: String,
    },
    /// The secret is too short to be kept out of messages.
    #[error(
        "the secret in the environment variable `{variable}` has fewer than {} bytes, so it cannot be kept out of messages\nhint: use a longer one",
        crate::limits::SECRET_BYTES_MIN
    )]
    ShortSecret {
        /// The name of the variable.
        variable: String,
    },
    /// The settings have an option that only the host sets.
    #[error(
        "`options.{option}` is set by the host, because guests could reach beyond the database without it\nhint: leave it out"
    )]
    FixedOption {
        /// Its name.
        option: String,
    },
    /// The policy grants changes and no reading.
    #[error(
        "`data.write` is granted without `data.read`, and behind an ADBC driver the host cannot keep a statement that changes data from reading\nhint: grant `data.read = true` too"
    )]
    WriteOnly,
    /// The policy grants single tables. The host cannot hold a driver to them.
    #[error(
        "`{key}` grants tables, and behind an ADBC driver the host cannot hold a statement to them\nhint: leave `{key}` out, and let the database do it: connect as a role that may use `{table}` only"
    )]
    TableGrants {
        /// `data.read` or `data.write`.
        key: &'static str,
        /// The first table.
        table: String,
    },
}

/// Why a database cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The program cannot be started.
    #[error(
        "cannot start `{path}`: {source}\nhint: build it with `cargo build -p fractalaw-adbc`, and keep it beside the host's program"
    )]
    Program {
        /// Where it should be.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The folder for the socket cannot be made.
    #[error(
        "cannot make a folder for temporary files: {0}\nhint: set `TMPDIR` to a folder that may be written"
    )]
    Folder(io::Error),
    /// The driver's library cannot be loaded.
    #[error("cannot load the driver `{driver}`: {message}\nhint: {hint}")]
    Driver {
        /// The driver, as the settings name it.
        driver: String,
        /// The system's error.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The driver cannot open the database.
    #[error("cannot open the database: {message}\nhint: {hint}")]
    Database {
        /// The driver's message, without secrets.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The program ended while it opened the database, because its driver crashed.
    #[error(
        "the program that loads the driver ended while it opened the database: {how}\nhint: use another version of the driver, made for this system"
    )]
    Died {
        /// Its exit status.
        how: String,
    },
    /// The program did not answer in time.
    #[error(
        "the database was not opened within {} seconds\nhint: see whether the server that the settings name can be reached from here",
        crate::limits::OPEN.as_secs()
    )]
    Slow,
}

/// Why a run could not be ended properly.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndError {
    /// The database refused to commit. Nothing that the run did took effect.
    #[error("the database did not commit the run: {0}")]
    Refused(CallError),
    /// The program ended during the commit. The host does not know whether the commit took effect.
    #[error(
        "the program that holds the database ended while it committed, so what the run did to data may have taken effect or not\nhint: look into the database"
    )]
    Unknown,
}
