//! What is wrong with a policy, where, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;

use crate::cause;
use crate::limits::POLICY_BYTES;

/// The page that describes every key.
const PAGE: &str = "`host/POLICY.md` describes every key";

/// A policy that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", self.place())]
pub struct PolicyError {
    /// The file; `None` for a line that was given without one.
    pub path: Option<PathBuf>,
    /// The line, from 1, if one line is at fault.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// Whether the policy is at fault, and not the machine.
    pub is_usage: bool,
}

impl PolicyError {
    /// What a caller got wrong, in no particular file, and what to do about it.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> PolicyError {
        PolicyError {
            path: None,
            line: None,
            message: message.into(),
            hint: hint.into(),
            is_usage: true,
        }
    }

    pub(crate) fn new(message: impl Into<String>) -> PolicyError {
        PolicyError::usage(message, PAGE)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> PolicyError {
        self.hint = hint.into();
        self
    }

    /// Adds the line, counted from 1.
    pub(crate) fn on_line(mut self, line: usize) -> PolicyError {
        self.line = Some(line);
        self
    }

    pub(crate) fn in_file(mut self, path: &Path) -> PolicyError {
        self.path = Some(path.to_owned());
        self
    }

    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> PolicyError {
        let message = format!("could not read `{}`: {error}", path.display());
        let hint = match error.kind() {
            io::ErrorKind::InvalidData => Some("a policy is text in UTF-8".to_owned()),
            _ => cause::hint(error, Some("name a policy file with `--policy`")),
        };
        PolicyError {
            is_usage: !cause::is_surroundings(error),
            ..PolicyError::new(message).hint(hint.unwrap_or_else(|| PAGE.to_owned()))
        }
    }

    pub(crate) fn not_a_file(path: &Path) -> PolicyError {
        let message = format!("`{}` is no regular file, expected a policy", path.display());
        PolicyError::new(message).hint("name a policy file with `--policy`")
    }

    pub(crate) fn too_large(path: &Path) -> PolicyError {
        let most = ByteSize(POLICY_BYTES as u64);
        PolicyError::new(format!("`{}` is larger than {most}", path.display()))
            .hint("use groups, or a policy for each host")
    }

    fn place(&self) -> String {
        match (&self.path, self.line) {
            (Some(path), Some(line)) => format!("`{}`:{line}: ", path.display()),
            (Some(path), None) => format!("`{}`: ", path.display()),
            (None, _) => String::new(),
        }
    }
}
