//! What goes wrong with data: what a guest is told, what ends its run, and what the host's operator is told.

use std::path::PathBuf;

use thiserror::Error;

/// The kind of error of a call. The numbers are part of the contract. `host/data/README.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Code {
    /// The text is not one statement of SQLite's SQL.
    Syntax = 1,
    /// Guests may not do what the statement does, or may only read what it changes.
    Denied = 2,
    /// There is no table, column or function with this name, or it was not granted.
    NoSuchName = 3,
    /// A value has a type that does not fit where it is read, stored or computed with.
    Type = 4,
    /// A row breaks a constraint of its table.
    Constraint = 5,
    /// Another program holds the data, or has changed it since the run began.
    Busy = 6,
    /// A value, a row, a statement or a result is too large.
    TooLarge = 7,
    /// `query` was called with a statement that changes something.
    NotAQuery = 8,
    /// SQLite or the disk failed.
    Engine = 9,
}

/// A call that failed and changed nothing. The guest gets this error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CallError {
    /// The kind of error, for programs.
    pub code: Code,
    /// The message, for people. If something can be done, a `hint:` line says what.
    pub message: String,
}

impl CallError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> CallError {
        CallError {
            code,
            message: message.into(),
        }
    }

    pub(crate) fn hint(mut self, hint: &str) -> CallError {
        self.message.push_str("\nhint: ");
        self.message.push_str(hint);
        self
    }
}

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Statements of one run, `insert` included. The key is `data-statements`.
    Statements,
    /// Rows that queries returned, rows that were inserted, and rows that were changed. The key is `data-rows`.
    Rows,
    /// Bytes of statements, of inserted streams and of results. The key is `data-bytes`.
    Bytes,
    /// The host's own memory: what SQLite holds in one call, and the earlier values of rows that the run changed.
    Memory,
}

/// Why a run ends before its guest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Stop {
    /// The fuel that is left does not pay for the next step.
    #[error("out of fuel")]
    OutOfFuel,
    /// The run's deadline has passed.
    #[error("the deadline passed")]
    Deadline,
    /// The host ends the run.
    #[error("interrupted")]
    Interrupted,
    /// The run would go over a quota.
    #[error("over the quota of {0:?}")]
    Quota(Quota),
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The run ends, and everything that it did is rolled back.
    #[error(transparent)]
    Stop(#[from] Stop),
    /// The guest gets the error and goes on.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Why data cannot be opened, or why what a run did cannot be settled.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file does not exist or cannot be read.
    #[error("cannot open `{path}`: {source}\nhint: {hint}")]
    Open {
        /// The database.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
        /// What to do.
        hint: &'static str,
    },
    /// SQLite failed.
    #[error("`{path}`: {source}")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// The record of a run that waits for the ledger cannot be read or written.
    #[error("`{path}`: {source}")]
    Pending {
        /// The record.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// There is a whole record beside the database, but in another format.
    #[error(
        "`{path}` has a format that is not known here\nhint: start the version of the host once that wrote it, so that it \
         settles the run"
    )]
    PendingFormat {
        /// The record.
        path: PathBuf,
    },
    /// The database is neither as the run found it nor as the run left it.
    #[error(
        "`{path}`: run `{run}` completed, but the rows that it changed in `{table}` were changed by something else before it \
         was settled\nhint: restore the database from before the run, or remove `{pending}` to keep it as it is, without what \
         the run did"
    )]
    Diverged {
        /// The database.
        path: PathBuf,
        /// The record.
        pending: PathBuf,
        /// The run.
        run: String,
        /// The first table that differs.
        table: String,
    },
    /// Another process has left a run that is not settled.
    #[error(
        "`{path}`: a run of another process waits to be settled\nhint: start that host again, which settles it"
    )]
    Unsettled {
        /// The record.
        path: PathBuf,
    },
    /// SQLite was in use before this crate could set it up.
    #[error(
        "SQLite was in use before the program began\nhint: link `fractalaw-sqlite` into the program itself"
    )]
    NotConfigured,
    /// A grant does not work as it looks: a view, a trigger or a foreign key reaches something that is not
    /// granted.
    #[error("{0}")]
    Grant(String),
    /// A deferred foreign key is broken. It is checked when the run is settled.
    #[error("what the run did to data leaves a foreign key that points to no row")]
    BrokenKeys,
    /// SQLite rolled the run back, so there is nothing to settle.
    #[error("what the run did to data was rolled back by a statement of its own")]
    RolledBack,
    /// The run was stopped while it was settled.
    #[error(transparent)]
    Stop(#[from] Stop),
}
