//! What happened to permits. The database gives each event its number and its time.

use micro_app::{Error, insert, record};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Event {
    pub(crate) permit: String,
    pub(crate) kind: &'static str,
    pub(crate) detail: String,
}

/// Adds events to the register, and to the audit trail.
pub(crate) fn add(events: &[Event]) -> Result<u64, Error> {
    for event in events {
        record(event.kind, &*event.permit, &*event.detail);
    }
    insert("event", events)
}
