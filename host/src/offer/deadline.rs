//! What cuts a run off: its wall-clock deadline, or a host that is told to stop.

use std::time::{Duration, Instant};

/// Stands for a deadline that is later than a clock can express.
pub(crate) const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// When a run that begins at `start` must end.
pub(crate) fn after(start: Instant, deadline: Duration) -> Instant {
    start + deadline.min(CENTURY)
}

/// Raised if a run is interrupted because its time is up.
#[derive(Debug, thiserror::Error)]
#[error("deadline exceeded")]
pub(crate) struct DeadlineExceeded;

/// Raised if a run is interrupted because the host is to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;
