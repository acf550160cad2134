//! The quotas of events, which a policy can lower. A call over one of them fails with an error, and the run goes on.

use fractalaw_events_engine::Quotas;
use fractalaw_events_engine::limits::{RUN_BYTES, RUN_EVENTS, RUN_TASKS};
use fractalaw_host::capability::Granted;
use fractalaw_host::{Quota, QuotaLimit};

/// The events of one run.
pub(crate) static EVENTS: QuotaLimit = QuotaLimit::host(Quota::new("events", "events"), RUN_EVENTS);

/// The payloads of its events and tasks.
pub(crate) static EVENT_BYTES: QuotaLimit = QuotaLimit::host(
    Quota::new("event-bytes", "bytes of events and tasks"),
    RUN_BYTES,
);

/// Its calls of `schedule`.
pub(crate) static TASKS: QuotaLimit = QuotaLimit::host(Quota::new("tasks", "tasks"), RUN_TASKS);

/// The quotas of a run.
pub(crate) fn of(granted: &Granted<'_>) -> Quotas {
    Quotas {
        events: granted.limit(&EVENTS),
        bytes: granted.limit(&EVENT_BYTES),
        tasks: granted.limit(&TASKS),
    }
}
