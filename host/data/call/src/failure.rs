//! Why a call has no result: what a guest is told, and what ends its run.

use thiserror::Error;

/// The kind of error of a call. The numbers are part of the contract. `wit/data.wit` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Code {
    /// The text is not one statement in the database's SQL.
    Syntax = 1,
    /// Guests may not do what the statement does, or may only read what it changes.
    Denied = 2,
    /// There is no table, column or function with this name, or it was not granted.
    NoSuchName = 3,
    /// A value has a type that does not fit where it is read, stored or computed with.
    Type = 4,
    /// A row breaks a constraint of its table. Or the database has no savepoints, and an earlier call that failed undid
    /// all changes of the run.
    Constraint = 5,
    /// Another transaction holds the data, or has changed it since this one began.
    Busy = 6,
    /// A value, a row, a statement or a result is too large.
    TooLarge = 7,
    /// `query` was called with a statement that changes something.
    NotAQuery = 8,
    /// The database failed, or what stands between it and the host.
    Engine = 9,
}

impl Code {
    /// All codes, by their numbers.
    pub const ALL: [Code; 9] = [
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

    /// The code with this number.
    pub fn of(number: u32) -> Option<Code> {
        Code::ALL.into_iter().find(|code| *code as u32 == number)
    }
}

/// A call that failed. The guest gets this error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CallError {
    /// The kind of error, for programs.
    pub code: Code,
    /// The message, for people. If something can be done, a `hint:` line says what.
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

    /// Adds a hint: what to do about the error.
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
    /// Statements of one run, `insert` included. The key is `data-statements`.
    Statements,
    /// Rows that queries returned, rows that were inserted, and rows that were changed. The key is `data-rows`.
    Rows,
    /// Bytes of statements, of inserted streams and of results. The key is `data-bytes`.
    Bytes,
    /// The host's own memory that the engine takes for one call, in bytes. A database of another process takes none.
    /// No policy changes this limit, nor the next two.
    CallMemory,
    /// The rows that one run changed, which are kept until it is settled.
    ChangedRows,
    /// The bytes of these rows before the run, or those after it.
    ChangedBytes,
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
