//! How a run ended, in words and as a colour.

use fractalaw_report::{MemoryKind, Outcome};

use crate::page::shown::Grouped;

/// What the outcome says besides its kind: the result, the error, or the limit that was reached.
pub(super) fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Completed(text) | Outcome::GuestError(text) => text.clone(),
        Outcome::Trap(trap) => trap.message.clone(),
        Outcome::Refused(refusal) => refusal.to_string(),
        Outcome::MemoryLimit {
            kind,
            requested,
            limit,
        } => {
            let what = match kind {
                MemoryKind::LinearMemory => "linear-memory",
                MemoryKind::Table => "table",
            };
            let (requested, limit) = (Grouped(*requested), Grouped(*limit));
            format!("{what}: {requested} requested, at most {limit}")
        }
        Outcome::QuotaExceeded { quota, limit } => {
            format!("{}: at most {}", quota.name, Grouped(*limit))
        }
        Outcome::OutOfFuel
        | Outcome::DeadlineExceeded
        | Outcome::StackOverflow
        | Outcome::Interrupted => String::new(),
    }
}

/// The colour shows the family and not a verdict, because many cases are meant to end badly.
pub(super) fn family(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Completed(_) => "completed",
        Outcome::GuestError(_) => "guest-error",
        Outcome::Refused(_) => "refused",
        Outcome::Trap(_) | Outcome::StackOverflow => "trap",
        Outcome::OutOfFuel
        | Outcome::DeadlineExceeded
        | Outcome::MemoryLimit { .. }
        | Outcome::QuotaExceeded { .. }
        | Outcome::Interrupted => "limit",
    }
}
