//! Why a run has no report of its own.

use fractalaw_report::{AppliedLimits, AuditEntry, Decision, Refusal};

use crate::error::HostError;

/// Why a run has no report.
pub(crate) enum NotRun {
    Refused(Box<Refused>),
    Failed(Failed),
}

impl NotRun {
    /// The run was refused, and this would have applied to it.
    pub(crate) fn refused(refusal: Refusal, limits: AppliedLimits, decision: Decision) -> NotRun {
        NotRun::Refused(Box::new(Refused {
            refusal,
            limits,
            decision,
        }))
    }
}

/// A run that was refused, and what would have applied to it.
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    pub(crate) limits: AppliedLimits,
    pub(crate) decision: Decision,
}

/// The host could not carry out a run.
pub(crate) struct Failed {
    pub(crate) error: HostError,
    /// The entries that the guest had recorded until then.
    pub(crate) audit: Vec<AuditEntry>,
    /// The fuel that it had used until then.
    pub(crate) fuel: u64,
}

impl From<HostError> for Failed {
    /// An error before the guest was started.
    fn from(error: HostError) -> Failed {
        Failed {
            error,
            audit: Vec::new(),
            fuel: 0,
        }
    }
}

impl From<HostError> for NotRun {
    fn from(error: HostError) -> NotRun {
        NotRun::Failed(error.into())
    }
}
