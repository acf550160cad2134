//! What a capability offers, as data.

use std::collections::BTreeSet;

use fractalaw_contract::{Interface, Wit};
use fractalaw_manifest::Manifest;
use fractalaw_report::QuotaLimit;
use serde_json::Value;

use crate::cost::host_calls::Function;

/// What a capability offers. Policies, manifests, inspections and messages know it from here alone.
pub struct Table {
    /// What reports call it, such as `audit-log`.
    pub name: &'static str,
    /// The WIT packages in which its interfaces stand, and those that these use.
    pub wit: &'static [Wit],
    /// What guests may import, and what of it needs a grant.
    pub interfaces: &'static [Interface],
    /// What a policy may grant and a manifest ask for, beside interfaces and quotas.
    pub keys: &'static [GrantKey],
    /// Bounds on what one run may have of it, which a policy may lower.
    pub quotas: &'static [&'static QuotaLimit],
    /// Its functions with their prices.
    pub functions: &'static [&'static Function],
}

/// A key of a capability's. In a policy names stand under it, each with a value: `warnings."Dover" = true`. In a manifest
/// it has a name or a list of names: `warnings = ["Dover"]`.
pub struct GrantKey {
    /// The key, in kebab case.
    pub name: &'static str,
    /// What a name grants, for people: with `warnings for`, it is shown as "warnings for `Dover`".
    pub what: &'static str,
    /// Checks what a policy says of a name. For a value that it cannot have, the error is what was expected.
    pub value: fn(name: &str, value: &Value) -> Result<(), String>,
    /// Names that a component asks for by what it imports, beside those of its manifest: the path of an interface, and the
    /// name.
    pub needed_by: &'static [(&'static str, &'static str)],
}

impl GrantKey {
    /// A key under which names are granted and nothing more is said of them.
    pub const fn names(name: &'static str, what: &'static str) -> GrantKey {
        GrantKey {
            name,
            what,
            value: only_true,
            needed_by: &[],
        }
    }
}

impl GrantKey {
    /// The names that a component asks for with this manifest and these imports that need a grant: each once.
    pub(crate) fn asked(&self, manifest: &Manifest, interfaces: &BTreeSet<String>) -> Vec<String> {
        let mut names = manifest.names(self.name);
        for (interface, name) in self.needed_by {
            if interfaces.contains(*interface) && !names.iter().any(|known| known == name) {
                names.push((*name).to_owned());
            }
        }
        names
    }
}

fn only_true(_: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::Bool(true) => Ok(()),
        _ => Err("`true`".to_owned()),
    }
}
