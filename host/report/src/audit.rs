//! The audit entries of a guest.

use std::fmt;

use fractalaw_manifest::terminal::one_line;
use serde::{Deserialize, Serialize};

/// One audit entry: three fields from the guest, three from the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its number in the run's trail, from 1, without gaps.
    pub sequence: u64,
    /// When the host received it, in nanoseconds since 1970-01-01T00:00:00Z.
    pub time_unix_ns: u64,
    /// The fuel that the run had consumed when the guest made the call.
    pub fuel: u64,
    /// The kind of event, in the guest's words.
    pub event_type: String,
    /// What it happened to.
    pub resource: String,
    /// What happened, for people.
    pub detail: String,
}

/// The entry on one line, with the guest's text made safe to print.
impl fmt::Display for AuditEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [event_type, resource, detail] =
            [&self.event_type, &self.resource, &self.detail].map(|field| one_line(field));
        write!(f, "[{event_type}] {resource} — {detail}")
    }
}
