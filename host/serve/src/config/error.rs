//! What is wrong with `fractalaw.toml`, where, and what to do about it.

use std::path::{Path, PathBuf};

use fractalaw_manifest::terminal::one_line;

const PAGE: &str = "`host/serve/README.md` describes every key";

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}\nhint: {hint}", self.place())]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1, if one line is at fault.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl ConfigError {
    pub(super) fn new(path: &Path, message: impl Into<String>) -> ConfigError {
        ConfigError {
            path: path.to_owned(),
            line: None,
            message: message.into(),
            hint: PAGE.to_owned(),
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> ConfigError {
        self.hint = hint.into();
        self
    }

    fn place(&self) -> String {
        let path = one_line(&self.path.display().to_string()).to_string();
        match self.line {
            Some(line) => format!("`{path}`:{line}: "),
            None => format!("`{path}`: "),
        }
    }
}
