//! The error that is raised if a run exceeds a quota.

use fractalaw_report::Quota;

/// The run asked for more than it may have.
#[derive(Debug, thiserror::Error)]
#[error("more than {limit} {}", quota.unit)]
pub(crate) struct QuotaExceeded {
    pub(crate) quota: Quota,
    pub(crate) limit: u64,
}
