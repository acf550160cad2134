//! What a capability learns when its host starts, and the names that a policy grants under its keys.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::ledger::verdicts::Verdicts;

/// What a capability is told when its host starts.
pub struct Starting<'a> {
    pub(crate) names: &'a [GrantedName],
    pub(crate) verdicts: &'a Verdicts,
}

impl<'a> Starting<'a> {
    /// The names that any section of the policy grants under a key of the capability.
    pub fn names<'k>(&self, key: &'k str) -> impl Iterator<Item = &'a GrantedName> + use<'a, 'k> {
        self.names.iter().filter(move |name| name.key == key)
    }

    /// What the host's ledger says about earlier runs.
    pub fn verdicts(&self) -> &'a Verdicts {
        self.verdicts
    }
}

/// A name that a policy grants under a key of a capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedName {
    pub(crate) key: &'static str,
    pub(crate) name: String,
    pub(crate) value: Value,
    pub(crate) folder: PathBuf,
}

impl GrantedName {
    /// The key of the capability.
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of the name in the policy.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The folder of the policy file. Relative paths in the value start there.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
