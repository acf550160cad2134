//! What cuts a run off: its wall-clock deadline, and the host that is told to stop.

use std::time::{Duration, Instant};

/// A deadline past what a clock can express is as good as this.
pub(crate) const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// When a run has to end that begins then.
pub(crate) fn after(start: Instant, deadline: Duration) -> Instant {
    start + deadline.min(CENTURY)
}

/// Raised where a run is interrupted because its time is up.
#[derive(Debug, thiserror::Error)]
#[error("deadline exceeded")]
pub(crate) struct DeadlineExceeded;

/// Raised where a run is interrupted because the host is to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;
