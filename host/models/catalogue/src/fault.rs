//! An error for people: what is wrong, and what to do about it.

use std::fmt;

/// What is wrong, and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    what: String,
    hint: String,
}

impl Fault {
    /// An error with a hint.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault {
            what: what.into(),
            hint: hint.into(),
        }
    }

    /// What is wrong.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// The same with the place in front.
    pub(crate) fn at(self, place: impl fmt::Display) -> Fault {
        Fault {
            what: format!("`{place}`: {}", self.what),
            ..self
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.what, self.hint)
    }
}

impl std::error::Error for Fault {}
