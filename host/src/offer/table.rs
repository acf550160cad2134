//! What a capability offers, as data.

use fractalaw_contract::{Interface, Wit};
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

/// A key of a policy's sections, and of manifests, that a capability knows.
pub struct GrantKey {
    /// The key, in kebab case.
    pub name: &'static str,
    /// What a section of a policy grants that says this under the key; for what it cannot say, what was expected.
    pub grants: fn(&Value) -> Result<Vec<Grant>, String>,
    /// What a micro-app asks for whose manifest says this under the key; for what it cannot say, what was expected.
    pub asks: fn(&Value) -> Result<Vec<Grant>, String>,
}

/// One thing that is granted or asked for under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// For people, such as "the table `permits`, to read".
    pub what: String,
    /// The line of policy that grants it, by which it is known.
    pub line: String,
}
