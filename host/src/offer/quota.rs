//! What is raised where a run passes a quota.

use fractalaw_report::Quota;

/// More was wanted than the run may have.
#[derive(Debug, thiserror::Error)]
#[error("more than {limit} {}", quota.unit)]
pub(crate) struct QuotaExceeded {
    pub(crate) quota: Quota,
    pub(crate) limit: u64,
}
