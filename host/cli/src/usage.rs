//! Errors in how the program was called.

use fractalaw_host::PolicyError;

/// An error of usage, with what to do about it.
pub(crate) fn wrong(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    PolicyError::usage(message, hint).into()
}
