//! The error that is raised if a run exceeds a quota.

use fractalaw_report::{Quota, QuotaLimit};

/// The run asked for more than it may have.
#[derive(Debug, thiserror::Error)]
#[error("more than {limit} {}", quota.unit)]
pub(crate) struct QuotaExceeded {
    pub(crate) quota: Quota,
    pub(crate) limit: u64,
}

/// The error that ends a run because it exceeds a bound of a capability. No policy lowers such a bound, so it is not
/// among the quotas of the capability's table. The outcome is `quota-exceeded`.
pub fn exceeds(bound: &QuotaLimit) -> wasmtime::Error {
    QuotaExceeded {
        quota: bound.quota.clone(),
        limit: bound.most,
    }
    .into()
}
