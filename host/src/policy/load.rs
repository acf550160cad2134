//! Loads a policy, or lines of policy, from text. `read` says what the text means.

use std::io::Read;
use std::path::Path;

use fractalaw_report::PolicyId;

use super::read;
use super::rules::Policy;
use super::section::Section;
use crate::digest::sha256;
use crate::error::PolicyError;
use crate::limits::POLICY_BYTES;
use crate::regular_file;

impl Policy {
    /// Reads a policy file. Relative folders in it start at the file's own folder. The folders are opened now,
    /// because a path may lead to another folder later, and that one was not granted.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not valid: with the line, and what to do. A folder that cannot be opened
    /// is an error of the runs that it is granted to.
    pub fn load(path: impl AsRef<Path>) -> Result<Policy, PolicyError> {
        let path = path.as_ref();
        let failed = |error| PolicyError::unreadable(path, &error);
        let mut text = String::new();
        let file = regular_file::open(path).map_err(failed)?;
        let file = file.ok_or_else(|| PolicyError::not_a_file(path))?;
        file.take(POLICY_BYTES as u64 + 1)
            .read_to_string(&mut text)
            .map_err(failed)?;
        if text.len() > POLICY_BYTES {
            return Err(PolicyError::too_large(path));
        }
        let mut policy = Policy::parse(path, &text)?;
        policy.open_folders();
        Ok(policy)
    }

    /// Reads the text of a policy, as if it were at this path. Its folders are opened when a host is built with
    /// it.
    ///
    /// # Errors
    ///
    /// As for [`Policy::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Policy, PolicyError> {
        let mut policy = read::policy(path, text)?;
        policy.id = PolicyId {
            path: path.to_owned(),
            sha256: sha256(text.as_bytes()),
        };
        Ok(policy)
    }
}

impl Section {
    /// Reads lines of a section, such as `env.PATH = true`. Relative folders start at the current directory.
    ///
    /// # Errors
    ///
    /// If a line is not valid in a section.
    pub fn parse(lines: &str) -> Result<Section, PolicyError> {
        read::section(Path::new(""), lines)
    }
}
