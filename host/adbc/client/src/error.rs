//! What goes wrong with data: what a guest is told, what ends its run, and what the host's operator is told. Codes and quotas
//! are those of the SQLite engine.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// What kind of mistake a call was. The numbers are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Code {
    /// The text is not one statement of the database's SQL.
    Syntax = 1,
    /// The statement does what guests may not do.
    Denied = 2,
    /// No table, column or function of this name exists.
    NoSuchName = 3,
    /// A value has another type than what it is read as, stored into or computed with.
    Type = 4,
    /// A row breaks a constraint of its table, or a call before it failed and took the run's changes with it.
    Constraint = 5,
    /// Another transaction holds the data, or changed it since this one began.
    Busy = 6,
    /// A value, a row, a statement or a result is over a bound.
    TooLarge = 7,
    /// `query` was given a statement that changes something.
    NotAQuery = 8,
    /// The database, its driver or the program that holds it failed.
    Engine = 9,
}

impl Code {
    const ALL: [Code; 9] = [
        Code::Syntax,
        Code::Denied,
        Code::NoSuchName,
        Code::Type,
        Code::Constraint,
        Code::Busy,
        Code::TooLarge,
        Code::NotAQuery,
        Code::Engine,
    ];

    pub(crate) fn of(number: u32) -> Option<Code> {
        Code::ALL.into_iter().find(|code| *code as u32 == number)
    }
}

/// A call that failed: the guest is told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CallError {
    /// For programs.
    pub code: Code,
    /// For people: what was wrong, and on a `hint:` line what to do, where something can be done.
    pub message: String,
}

impl CallError {
    /// An error without a hint.
    pub fn new(code: Code, message: impl Into<String>) -> CallError {
        CallError {
            code,
            message: message.into(),
        }
    }

    /// The same error, with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> CallError {
        self.message.push_str("\nhint: ");
        self.message.push_str(hint);
        self
    }
}

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Statements of one run, `insert` included: `data-statements`.
    Statements,
    /// Rows that came out of queries, went into inserts and were changed: `data-rows`.
    Rows,
    /// Bytes of statements, of what was inserted and of results: `data-bytes`.
    Bytes,
}

/// Why a run goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Stop {
    /// The budget does not pay for what comes next.
    #[error("out of fuel")]
    OutOfFuel,
    /// The run's time is over.
    #[error("the deadline passed")]
    Deadline,
    /// The host ends it.
    #[error("interrupted")]
    Interrupted,
    /// It would have more than a quota allows.
    #[error("over the quota of {0:?}")]
    Quota(Quota),
}

/// A call that gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The run ends; all it did is rolled back.
    #[error(transparent)]
    Stop(#[from] Stop),
    /// The guest is told and goes on.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Settings that cannot be used. They are judged before anything is started.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// No defaults are known for this engine.
    #[error(
        "`adbc = \"{engine}\"` is not known here, expected {known}, or a `driver`\nhint: name the driver's shared library with `driver = \"PATH\"`"
    )]
    UnknownEngine {
        /// As it was written.
        engine: String,
        /// Those with defaults.
        known: String,
    },
    /// Neither a file nor a server is named, or both are.
    #[error("`adbc = \"{engine}\"` has {found}, expected {expected}\nhint: {hint}")]
    Place {
        /// As it was written.
        engine: String,
        /// What it contains.
        found: &'static str,
        /// What should.
        expected: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A password stands in the settings themselves.
    #[error(
        "`{key}` has a password in it, expected the name of an environment variable in its place\nhint: write `${{NAME}}` for it, and set `NAME` in the host's environment"
    )]
    PlainSecret {
        /// The setting.
        key: String,
    },
    /// `${` without a name and `}`.
    #[error("`{key}` has a `${{` that names no variable\nhint: write `${{NAME}}`")]
    Placeholder {
        /// The setting.
        key: String,
    },
    /// The variable of a secret is not set.
    #[error(
        "`{key}` takes its secret from the environment variable `{variable}`, which is not set\nhint: set `{variable}` where the host is started"
    )]
    NoSecret {
        /// The setting.
        key: String,
        /// The name of the variable.
        variable: String,
    },
    /// A secret that cannot be kept out of messages.
    #[error(
        "the secret in the environment variable `{variable}` has fewer than {} bytes, so it cannot be kept out of messages\nhint: use a longer one",
        crate::limits::SECRET_BYTES_MIN
    )]
    ShortSecret {
        /// The name of the variable.
        variable: String,
    },
    /// An option that the host sets itself.
    #[error(
        "`options.{option}` is set by the host, because guests could reach beyond the database without it\nhint: leave it out"
    )]
    FixedOption {
        /// Its name.
        option: String,
    },
    /// Tables are granted, which nothing here could hold a guest to.
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
    /// The program is not where it should be.
    #[error(
        "cannot start `{path}`: {source}\nhint: build it with `cargo build -p fractalaw-adbc`, and keep it beside the host's program"
    )]
    Program {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder for its socket cannot be made.
    #[error(
        "cannot make a folder for temporary files: {0}\nhint: set `TMPDIR` to a folder that may be written"
    )]
    Folder(io::Error),
    /// The driver's library cannot be loaded.
    #[error("cannot load the driver `{driver}`: {message}\nhint: {hint}")]
    Driver {
        /// As the settings name it.
        driver: String,
        /// What the system says.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The driver does not open the database.
    #[error("cannot open the database: {message}\nhint: {hint}")]
    Database {
        /// What the driver says, without secrets.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The program ended while it opened the database: its driver crashed.
    #[error(
        "the program that loads the driver ended while it opened the database: {how}\nhint: use another version of the driver, made for this system"
    )]
    Died {
        /// Its exit status.
        how: String,
    },
    /// It did not answer.
    #[error(
        "the database was not opened within {} seconds\nhint: see whether the server that the settings name can be reached from here",
        crate::limits::OPEN.as_secs()
    )]
    Slow,
}

/// A run that could not be ended as it should.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndError {
    /// The database refused to commit: nothing that the run did took effect.
    #[error("what the run did to data was rolled back: {0}")]
    Refused(CallError),
    /// The program ended in the middle of the commit: nobody here knows whether it took effect.
    #[error(
        "the program that holds the database ended while it committed, so what the run did to data may have taken effect or not\nhint: look into the database"
    )]
    Unknown,
}
