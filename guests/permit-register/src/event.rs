//! What happened to permits. The database gives each event its number and its time.

use micro_app::{Error, insert, record};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Event {
    pub(crate) permit: String,
    pub(crate) kind: &'static str,
    pub(crate) detail: String,
}

/// Adds events to the register.
pub(crate) fn add(events: &[Event]) -> Result<u64, Error> {
    insert("event", events)
}

/// Records events in the audit trail. What a failed run did to the register is taken back, and its trail is not. So events
/// are recorded when the register has accepted all that they tell of.
pub(crate) fn tell(events: &[Event]) {
    for event in events {
        record(event.kind, &*event.permit, &*event.detail);
    }
}
