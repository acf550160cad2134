//! What did not fit, for `serde`. It says so without the machinery that formats real numbers, which is large.

use std::fmt;

use serde::de::{self, Expected, Unexpected};
use serde::ser;

use crate::arrow::Malformed;
use crate::error::{Code, Error};

/// What did not fit. One word, so that each value costs little to return.
#[derive(Debug)]
pub(crate) struct Problem(Box<Error>);

pub(crate) type Result<T> = std::result::Result<T, Problem>;

/// Text of a value that a message shows.
const SHOWN_CHARS: usize = 40;

impl Problem {
    #[cold]
    pub(crate) fn new(message: impl Into<String>) -> Problem {
        Problem(Box::new(Error::new(Code::Mismatch, message)))
    }

    /// Says in which column.
    #[cold]
    pub(crate) fn of_column(mut self, name: &str) -> Problem {
        let mut message = String::from("column `");
        message.push_str(name);
        message.push_str("`: ");
        message.push_str(&self.0.message);
        self.0.message = message;
        self
    }

    /// Says in which row, the first of which is 1.
    #[cold]
    pub(crate) fn in_row(mut self, row: usize) -> Error {
        let mut message = String::from("row ");
        message.push_str(&row.to_string());
        message.push_str(", ");
        message.push_str(&self.0.message);
        self.0.message = message;
        *self.0
    }

    #[cold]
    fn expected(found: &str, expected: &dyn Expected) -> Problem {
        let mut message = String::from(found);
        message.push_str(", expected ");
        message.push_str(&expected.to_string());
        Problem::new(message)
    }

    #[cold]
    fn quoting(before: &str, name: &str, after: &str) -> Problem {
        let mut message = String::from(before);
        message.push('`');
        message.extend(name.chars().take(SHOWN_CHARS));
        message.push('`');
        message.push_str(after);
        Problem::new(message)
    }
}

impl From<Malformed> for Problem {
    #[cold]
    fn from(malformed: Malformed) -> Problem {
        Problem(Box::new(malformed.into()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Problem {
        Problem::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Problem {
        Problem::expected(&shown(found), expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Problem {
        Problem::expected(&shown(found), expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Problem {
        let mut found = length.to_string();
        found.push_str(" values");
        Problem::expected(&found, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Problem {
        let mut one_of = String::from(", expected one of ");
        for (at, name) in expected.iter().enumerate() {
            one_of.push_str(if at > 0 { ", `" } else { "`" });
            one_of.push_str(name);
            one_of.push('`');
        }
        Problem::quoting("", variant, &one_of)
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Problem {
        Problem::quoting("a column ", field, ", which nothing takes")
    }

    fn missing_field(field: &'static str) -> Problem {
        Problem::quoting("no column ", field, "")
    }

    fn duplicate_field(field: &'static str) -> Problem {
        Problem::quoting("two columns ", field, "")
    }
}

impl ser::Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Problem {
        Problem::new(message.to_string())
    }
}

fn shown(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(_) => "a boolean".into(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Float(_) => "a real number".into(),
        Unexpected::Str(text) => {
            let mut shown = String::from("text `");
            shown.extend(text.chars().take(SHOWN_CHARS));
            shown.push('`');
            shown
        }
        Unexpected::Bytes(_) => "bytes".into(),
        Unexpected::Unit | Unexpected::Option => "null".into(),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "a record".into(),
        _ => "a value of another kind".into(),
    }
}
