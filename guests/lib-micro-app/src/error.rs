//! What can go wrong with data, as a value.

use std::fmt;

use crate::arrow::Malformed;

/// What kind of mistake it was. The first nine are the host's, and have the numbers that `wit/data.wit` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The text is not one statement of SQL.
    Syntax,
    /// The statement does what micro-apps may not do, or changes what they may only read.
    Denied,
    /// No table, column or function of this name exists, or it was not granted.
    NoSuchName,
    /// A value has another type than what it is read as, stored into or computed with.
    Type,
    /// A row breaks a constraint of its table.
    Constraint,
    /// Another program holds the data, or changed it since the run began.
    Busy,
    /// A value, a row, a statement or a result is over a bound.
    TooLarge,
    /// `query` was given a statement that changes something.
    NotAQuery,
    /// The database or the disk failed.
    Engine,
    /// A number that this library does not know.
    Other(u32),
    /// The rows cannot become the type that was asked for, or the other way round. The host did its part.
    Mismatch,
    /// What the host gave is not an Arrow stream that can be read.
    Unreadable,
}

impl From<u32> for Code {
    fn from(number: u32) -> Code {
        match number {
            1 => Code::Syntax,
            2 => Code::Denied,
            3 => Code::NoSuchName,
            4 => Code::Type,
            5 => Code::Constraint,
            6 => Code::Busy,
            7 => Code::TooLarge,
            8 => Code::NotAQuery,
            9 => Code::Engine,
            other => Code::Other(other),
        }
    }
}

/// Why a call gave nothing. `?` turns it into the text that a micro-app returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Error {
        Error {
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for String {
    fn from(error: Error) -> String {
        error.message
    }
}

impl From<Malformed> for Error {
    fn from(_: Malformed) -> Error {
        unreadable("it is cut off or damaged")
    }
}

/// The stream is not one that can be read.
pub(crate) fn unreadable(why: &str) -> Error {
    let mut message = String::from("the Arrow stream cannot be read: ");
    message.push_str(why);
    Error::new(Code::Unreadable, message)
}
