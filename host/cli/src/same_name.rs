//! What is wrong with a result that cannot be written as JSON objects.

use fractalaw_host::terminal;

/// Two columns of a result have the same name, so they cannot be members of one object.
#[derive(Debug, thiserror::Error)]
#[error("two columns have the name `{}`", terminal::one_line(.0))]
pub(crate) struct SameName(pub(crate) String);

impl SameName {
    /// What the reader can do about it.
    pub(crate) fn hint(&self) -> &'static str {
        "give one of them another name with `AS`, or use `--csv`"
    }
}
