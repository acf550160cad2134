//! How a run ended, in words and as a colour.

use super::record::Outcome;
use super::written::{Grouped, Written};

/// What the outcome says besides its kind: the result, the error, or the limit that was met.
pub(super) fn said(outcome: &Outcome) -> Written {
    let texts = [&outcome.ok, &outcome.err, &outcome.message];
    if let Some(text) = texts.into_iter().flatten().next() {
        return text.clone();
    }
    let what = outcome
        .quota
        .as_ref()
        .or(outcome.of.as_ref())
        .map(Written::raw);
    let limit = outcome.limit.map(Grouped);
    let text = match (what, outcome.requested.map(Grouped), limit) {
        (Some(what), Some(requested), Some(limit)) => {
            format!("{what}: {requested} requested, at most {limit}")
        }
        (Some(what), None, Some(limit)) => format!("{what}: at most {limit}"),
        _ => String::new(),
    };
    Written::from(text.as_str())
}

/// A run that ends badly is often what a case is for, so the colour says the family, not a verdict.
pub(super) fn family(outcome: &Outcome) -> &'static str {
    match outcome.kind.raw() {
        "completed" => "completed",
        "guest-error" => "guest-error",
        "refused" => "refused",
        "trap" | "stack-overflow" => "trap",
        _ => "limit",
    }
}
