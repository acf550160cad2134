//! What goes wrong with data: what a guest is told, what ends its run, and what the host's operator is told.

use std::path::PathBuf;

use thiserror::Error;

/// What kind of mistake a call was. The numbers are part of the contract: `wit/data.wit` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Code {
    /// The text is not one statement of SQLite's SQL.
    Syntax = 1,
    /// The statement does what guests may not do, or changes what they may only read.
    Denied = 2,
    /// No table, column or function of this name exists, or none was granted.
    NoSuchName = 3,
    /// A value has another type than what it is read as, stored into or computed with.
    Type = 4,
    /// A row breaks a constraint of its table.
    Constraint = 5,
    /// Another program holds the data, or changed it since the run began.
    Busy = 6,
    /// A value, a row, a statement or a result is over a bound.
    TooLarge = 7,
    /// `query` was given a statement that changes something.
    NotAQuery = 8,
    /// SQLite or the disk failed.
    Engine = 9,
}

/// A call that failed, and changed nothing: the guest is told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CallError {
    /// For programs.
    pub code: Code,
    /// For people: what was wrong, and on a `hint:` line what to do, where something can be done.
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
    /// Statements of one run, `insert` included: `data-statements`.
    Statements,
    /// Rows that came out of queries, went into inserts and were changed: `data-rows`.
    Rows,
    /// Bytes of statements, of what was inserted and of results: `data-bytes`.
    Bytes,
    /// Memory of the host's own: what SQLite holds in one call, and what stood before in rows that the run changed.
    Memory,
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

/// Why data cannot be opened, or what a run did to it not be settled.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file is not there, or cannot be read.
    #[error("cannot open `{path}`: {source}\nhint: {hint}")]
    Open {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
        /// What to do.
        hint: &'static str,
    },
    /// SQLite fails.
    #[error("`{path}`: {source}")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The record of a run that waits for the ledger cannot be read or written.
    #[error("`{path}`: {source}")]
    Pending {
        /// The record.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Such a record stands beside the database, and is whole, but of another format.
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
        /// The first table in which they differ.
        table: String,
    },
    /// Another process left a run that is not settled.
    #[error(
        "`{path}`: a run of another process waits to be settled\nhint: start that host again, which settles it"
    )]
    Unsettled {
        /// The record.
        path: PathBuf,
    },
    /// SQLite was in use before this crate could set it up.
    #[error(
        "SQLite was in use before the program began\nhint: link `fractalaw-data` into the program itself"
    )]
    NotConfigured,
    /// What is granted does not stand for itself: a view, a trigger or a foreign key reaches further.
    #[error("{0}")]
    Grant(String),
    /// The run has nothing that could be settled: SQLite rolled it back.
    #[error("what the run did to data was rolled back by a statement of its own")]
    RolledBack,
    /// The run ended while it was settled.
    #[error(transparent)]
    Stop(#[from] Stop),
}
