//! Quotas: their names, and what they count.

use std::borrow::Cow;

/// A limit on what one run hands to its host. A capability may add quotas of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The name in policies, manifests and reports, in kebab case.
    pub name: Cow<'static, str>,
    /// What it counts, in the plural, such as `audit entries`.
    pub unit: Cow<'static, str>,
}

impl Quota {
    /// The number of audit entries.
    pub const AUDIT_ENTRIES: Quota = Quota::new("audit-entries", "audit entries");
    /// Text of all audit entries together, in bytes.
    pub const AUDIT_BYTES: Quota = Quota::new("audit-bytes", "bytes of audit entries");
    /// The text of one audit entry, in bytes.
    pub const AUDIT_ENTRY_BYTES: Quota =
        Quota::new("audit-entry-bytes", "bytes in one audit entry");
    /// The data of one host call, in bytes.
    pub const HOST_CALL_BYTES: Quota = Quota::new("host-call-bytes", "bytes in one host call");
    /// The data that one part of a composed component hands to another at once, in bytes.
    pub const CROSSING_BYTES: Quota =
        Quota::new("crossing-bytes", "bytes from one part to another");
    /// The number of host calls.
    pub const HOST_CALLS: Quota = Quota::new("host-calls", "host calls");
    /// The data of all host calls together, in both directions, in bytes.
    pub const HOST_BYTES: Quota = Quota::new("host-bytes", "bytes in all host calls");
    /// The host's own memory that the run occupies: listings, audit entries and output, in bytes.
    pub const HOST_MEMORY: Quota = Quota::new("host-memory", "bytes of the host's memory");
    /// Open streams, files, pollables and resources.
    pub const HANDLES: Quota = Quota::new("handles", "open handles");

    /// The quotas of the host itself and of the capabilities that it always offers.
    pub const CORE: [Quota; 9] = [
        Quota::AUDIT_ENTRIES,
        Quota::AUDIT_BYTES,
        Quota::AUDIT_ENTRY_BYTES,
        Quota::HOST_CALL_BYTES,
        Quota::CROSSING_BYTES,
        Quota::HOST_CALLS,
        Quota::HOST_BYTES,
        Quota::HOST_MEMORY,
        Quota::HANDLES,
    ];

    /// Whether every host has it. For other quotas, JSON also contains the unit and the limit.
    pub fn is_core(&self) -> bool {
        Quota::CORE.contains(self)
    }

    /// A quota with this name and unit.
    pub const fn new(name: &'static str, unit: &'static str) -> Quota {
        Quota {
            name: Cow::Borrowed(name),
            unit: Cow::Borrowed(unit),
        }
    }
}
