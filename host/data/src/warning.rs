//! What an operator should know about the grants of runs, although each run has what works of them.

use std::path::Path;

use fractalaw_sqlite::StoreError;

/// A grant that does not work as it looks: it names nothing, or it reaches something that is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What is wrong, in one line. It has names from the policy and from the database, which may be anything.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Warning {
    pub(crate) fn new(file: &Path, problem: &StoreError) -> Warning {
        let told = problem.to_string();
        let (message, hint) = told.split_once("\nhint: ").unwrap_or((&told, ""));
        Warning {
            message: format!("data in `{}`: {message}", file.display()),
            hint: hint.to_owned(),
        }
    }
}
