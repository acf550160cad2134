//! The audit trail.

use crate::contract::fractal::app::audit_log::{AuditEntry, record_event};

/// Adds an entry to the audit trail: what happened, to what, and what there is to say about it.
pub fn record(
    event_type: impl Into<String>,
    resource: impl Into<String>,
    detail: impl Into<String>,
) {
    record_event(&AuditEntry {
        event_type: event_type.into(),
        resource: resource.into(),
        detail: detail.into(),
    });
}
