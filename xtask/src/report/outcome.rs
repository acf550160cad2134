//! How a run ended, in words and as a colour.

use fractalaw_report::{MemoryKind, Outcome};

use crate::page::shown::Grouped;

/// What the outcome says besides its kind: the result, the error, or the limit that was met.
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

/// A run that ends badly is often what a case is for, so the colour says the family, not a verdict.
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
