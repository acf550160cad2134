//! The wall-clock deadline of one run: when it is, and what is raised where it has passed.

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
