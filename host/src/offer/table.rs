//! What a capability offers, as data.

use std::collections::BTreeSet;
use std::path::PathBuf;

use fractalaw_contract::{Interface, Wit};
use fractalaw_manifest::Manifest;
use fractalaw_report::QuotaLimit;
use serde_json::Value;

use crate::cost::host_calls::Function;
use crate::offer::starting::GrantedName;

/// What a capability offers. Policies, manifests, inspections and messages know a capability only from its table.
pub struct Table {
    /// The capability's name in reports, such as `audit-log`.
    pub name: &'static str,
    /// The WIT packages of its interfaces, and the packages that these use.
    pub wit: &'static [Wit],
    /// The interfaces that guests may import, and whether each needs a grant.
    pub interfaces: &'static [Interface],
    /// What a policy may grant and a manifest may ask for, other than interfaces and quotas.
    pub keys: &'static [GrantKey],
    /// The limits on what one run may use of it. A policy may lower them.
    pub quotas: &'static [&'static QuotaLimit],
    /// Its functions, with their prices.
    pub functions: &'static [&'static Function],
}

/// A key of policies and manifests that belongs to a capability. A policy has names under it, each with a value:
/// `warnings."Dover" = true`. A manifest has one name or a list of names: `warnings = ["Dover"]`.
pub struct GrantKey {
    /// The key, in kebab case.
    pub name: &'static str,
    /// What a name grants, in words. With `warnings for`, a message says "warnings for `Dover`".
    pub what: &'static str,
    /// Names with words of their own, in place of `what`.
    pub words: &'static [(&'static str, &'static str)],
    /// All names, if others are errors. Empty if whoever writes a policy chooses the names.
    pub known: &'static [&'static str],
    /// Checks the value of a name in a policy. If the value is wrong, the error says what was expected.
    pub value: fn(name: &str, value: &Value) -> Result<(), String>,
    /// The value of a name in the line of policy that a refused run is told to paste, as TOML.
    pub pasted: fn(name: &str) -> &'static str,
    /// The files and folders of the capability that a granted name stands for, each with words for it, such as "the
    /// database". No guest is granted a folder in which it could write there.
    pub own_files: fn(granted: &GrantedName) -> Vec<(&'static str, PathBuf)>,
    /// Names that a component asks for by its imports, in addition to those in its manifest. Each is the path of
    /// an interface and the name.
    pub needed_by: &'static [(&'static str, &'static str)],
    /// Names that another name replaces. Whoever asks for the first of a pair is also content with the second.
    pub replaced_by: &'static [(&'static str, &'static str)],
}

impl GrantKey {
    /// A key whose names have only the value `true`. A key with other values begins with this one:
    /// `GrantKey { value, ..GrantKey::names(name, what) }`.
    pub const fn names(name: &'static str, what: &'static str) -> GrantKey {
        GrantKey {
            name,
            what,
            words: &[],
            known: &[],
            value: only_true,
            pasted: |_| "true",
            own_files: |_| Vec::new(),
            needed_by: &[],
            replaced_by: &[],
        }
    }
}

impl GrantKey {
    /// The names that a component asks for, by this manifest and by these imports that need a grant. Each comes
    /// once.
    pub(crate) fn asked(&self, manifest: &Manifest, interfaces: &BTreeSet<String>) -> Vec<String> {
        let mut names = manifest.names(self.name);
        for (interface, name) in self.needed_by {
            if interfaces.contains(*interface) && !names.iter().any(|known| known == name) {
                names.push((*name).to_owned());
            }
        }
        names
    }

    /// Whether a name that is granted is what was asked for with this name.
    pub(crate) fn serves(&self, granted: &str, asked: &str) -> bool {
        granted == asked || self.replaced_by.contains(&(asked, granted))
    }

    /// What this name grants, in words.
    pub(crate) fn what(&self, name: &str) -> &'static str {
        let mut words = self.words.iter();
        words
            .find(|(known, _)| *known == name)
            .map_or(self.what, |(_, what)| what)
    }
}

fn only_true(_: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::Bool(true) => Ok(()),
        _ => Err("`true`".to_owned()),
    }
}
