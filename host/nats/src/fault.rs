//! An error for people: what is wrong, and what to do about it.

use std::fmt;

/// What is wrong, and a hint.
#[derive(Debug)]
pub(crate) struct Fault {
    what: String,
    hint: String,
}

impl Fault {
    pub(crate) fn new(what: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault {
            what: what.into(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.what, self.hint)
    }
}

impl std::error::Error for Fault {}
