//! Errors for the person at the keyboard: a message, what to do next, and the exit code.
//!
//! Every error that is not a [`Fault`] is an `anyhow` error and has the exit code [`FAILED`].

use std::error::Error;
use std::fmt;

/// The command line is wrong: an unknown name, a bad flag.
pub(crate) const USAGE: u8 = 2;
/// A guest failed to compile, to encode, or to keep to the contract.
pub(crate) const GUEST_BUILD: u8 = 11;
/// Anything else: a failed step of `ci`, a host that does not build, a file that cannot be read.
pub(crate) const FAILED: u8 = 12;
/// A cost moved by more than `tests/fuel.toml` allows, and nothing else is wrong.
pub(crate) const ONLY_FUEL: u8 = 15;

/// An error with an exit code and a hint.
///
/// It is always the innermost of an error chain, so its hint is the last line that is printed.
#[derive(Debug)]
pub(crate) struct Fault {
    code: u8,
    message: String,
    hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Fault {
            code,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit code of an error.
    pub(crate) fn code_of(error: &anyhow::Error) -> u8 {
        error
            .downcast_ref::<Fault>()
            .map_or(FAILED, |fault| fault.code)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl Error for Fault {}

/// A fault in a guest, the most frequent kind.
pub(crate) fn guest(message: impl Into<String>) -> Fault {
    Fault::new(GUEST_BUILD, message)
}

/// `known` as a list for a message, or a word that says that there are none.
pub(crate) fn list<S: AsRef<str>>(known: impl IntoIterator<Item = S>) -> String {
    let quoted: Vec<String> = known
        .into_iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    if quoted.is_empty() {
        "none".to_owned()
    } else {
        quoted.join(", ")
    }
}

/// The name in `known` that was probably meant by `name`.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
