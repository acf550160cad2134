//! An error for people: what is wrong, and what to do about it.

use std::borrow::Cow;
use std::fmt;
use std::process::ExitCode;

use fractalaw_manifest::terminal::{is_unsafe, one_line};

/// Who is at fault. It decides the exit code, as for `fractalaw run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What was asked for is wrong.
    Usage = 2,
    /// What was found is not what was asked for, pinned or signed.
    Refused = 3,
    /// The machine, the network or the registry failed.
    Failed = 10,
}

/// What is wrong, and a hint.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) what: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Fault {
        Fault {
            kind,
            what: what.into(),
            hint: None,
        }
    }

    pub(crate) fn usage(what: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault::new(Kind::Usage, what).hint(hint)
    }

    pub(crate) fn refused(what: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault::new(Kind::Refused, what).hint(hint)
    }

    pub(crate) fn failed(what: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault::new(Kind::Failed, what).hint(hint)
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind as u8)
    }
}

/// The lines that are printed. Names of files and texts of servers may hold anything, so they are escaped.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.kind {
            Kind::Refused => "refused",
            Kind::Usage | Kind::Failed => "error",
        };
        writeln!(f, "{word}: {}", escaped(&self.what))?;
        match &self.hint {
            Some(hint) => writeln!(f, "hint: {}", escaped(hint)),
            None => Ok(()),
        }
    }
}

/// A text in which nothing can mislead a terminal. What was escaped before has nothing of that, and stays as it is.
fn escaped(text: &str) -> Cow<'_, str> {
    match text.contains(is_unsafe) {
        true => one_line(text).into(),
        false => text.into(),
    }
}
