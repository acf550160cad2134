//! What differs between two reports: of a run before and after a change, or of two runs that should be the same.

mod functions;

pub use functions::{FunctionMoved, FunctionsUsed, Used};

use std::collections::BTreeMap;

use crate::audit::AuditEntry;
use crate::captured::Captured;
use crate::effect::Effect;
use crate::fuel::Fuel;
use crate::host_calls::HostCalls;
use crate::outcome::Outcome;
use crate::report::Report;

/// Something that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<T> {
    /// The value before.
    pub before: T,
    /// What it is.
    pub after: T,
}

impl<T: PartialEq> Change<T> {
    /// `None` if the value did not change.
    fn of(before: T, after: T) -> Option<Change<T>> {
        (before != after).then_some(Change { before, after })
    }
}

/// A list that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListChange<'a, T> {
    /// The whole list before.
    pub before: &'a [T],
    /// The whole list after.
    pub after: &'a [T],
    /// The index of the first difference, in both lists. What follows it mostly differs too, and only repeats it.
    pub first: usize,
}

impl<'a, T> ListChange<'a, T> {
    fn of(
        before: &'a [T],
        after: &'a [T],
        alike: impl Fn(&T, &T) -> bool,
    ) -> Option<ListChange<'a, T>> {
        let pairs = before.iter().zip(after);
        let first = pairs
            .take_while(|(before, after)| alike(before, after))
            .count();
        (first < before.len() || first < after.len()).then_some(ListChange {
            before,
            after,
            first,
        })
    }
}

/// What differs between two reports. What is the same is absent.
///
/// A report that was read from JSON equals the one that was written. Limits, grants and durations are not
/// compared, because a run was given them and did not do them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    /// How the run ended.
    pub outcome: Option<Change<&'a Outcome>>,
    /// The functions in which it was stopped.
    pub backtrace: Option<Change<&'a [String]>>,
    /// The audit entries: the guest's text, without the time and the fuel when it was recorded.
    pub audit: Option<ListChange<'a, AuditEntry>>,
    /// What it did through capabilities.
    pub effects: Option<ListChange<'a, Effect>>,
    /// What it wrote to standard output.
    pub stdout: Option<Change<&'a Captured>>,
    /// What it wrote to standard error.
    pub stderr: Option<Change<&'a Captured>>,
    /// The cost model. If it differs, neither fuel nor host calls are compared, because fuel is another unit
    /// then.
    pub cost_model: Option<Change<u32>>,
    /// The cost and its parts.
    pub fuel: FuelDifference,
    /// The host functions that were called differently, each with everything that is known of its calls, in the
    /// order of their names.
    pub host_calls: Vec<Change<Option<&'a HostCalls>>>,
    /// The most memory that it held, in bytes.
    pub peak_bytes: Option<Change<usize>>,
}

/// What differs in the cost of two runs, in units of fuel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FuelDifference {
    /// The sum of the parts.
    pub consumed: Option<Change<u64>>,
    /// What instantiation used.
    pub instantiation: Option<Change<u64>>,
    /// What the guest's own code used.
    pub guest: Option<Change<u64>>,
    /// What host calls were charged.
    pub host_calls: Option<Change<u64>>,
}

impl<'a> Difference<'a> {
    /// Compares two reports.
    pub fn of(before: &'a Report, after: &'a Report) -> Difference<'a> {
        let cost_model = Change::of(before.fuel.cost_model, after.fuel.cost_model);
        let (fuel, host_calls) = match cost_model {
            Some(_) => (FuelDifference::default(), Vec::new()),
            None => (
                FuelDifference::of(&before.fuel, &after.fuel),
                host_calls(&before.host_calls, &after.host_calls),
            ),
        };
        Difference {
            outcome: unless(is_same_end, &before.outcome, &after.outcome),
            backtrace: Change::of(&before.backtrace[..], &after.backtrace[..]),
            audit: ListChange::of(&before.audit, &after.audit, is_same_entry),
            effects: ListChange::of(&before.effects, &after.effects, Effect::eq),
            stdout: unless(is_same_output, &before.stdout, &after.stdout),
            stderr: unless(is_same_output, &before.stderr, &after.stderr),
            cost_model,
            fuel,
            host_calls,
            peak_bytes: Change::of(before.memory.peak_bytes, after.memory.peak_bytes),
        }
    }

    /// Whether both runs ended in the same way and did the same, whatever they cost.
    pub fn is_same_behaviour(&self) -> bool {
        self.outcome.is_none()
            && self.audit.is_none()
            && self.effects.is_none()
            && self.stdout.is_none()
            && self.stderr.is_none()
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.is_same_behaviour()
            && self.backtrace.is_none()
            && self.cost_model.is_none()
            && self.fuel == FuelDifference::default()
            && self.host_calls.is_empty()
            && self.peak_bytes.is_none()
    }
}

impl FuelDifference {
    fn of(before: &Fuel, after: &Fuel) -> FuelDifference {
        FuelDifference {
            consumed: Change::of(before.consumed(), after.consumed()),
            instantiation: Change::of(before.instantiation, after.instantiation),
            guest: Change::of(before.guest, after.guest),
            host_calls: Change::of(before.host_calls, after.host_calls),
        }
    }
}

fn unless<'a, T>(alike: fn(&T, &T) -> bool, before: &'a T, after: &'a T) -> Option<Change<&'a T>> {
    (!alike(before, after)).then_some(Change { before, after })
}

/// A refusal that was read from JSON has text where the other one has fields.
fn is_same_end(a: &Outcome, b: &Outcome) -> bool {
    match (a, b) {
        (Outcome::Refused(a), Outcome::Refused(b)) => {
            a == b || (a.kind(), a.to_string(), a.hint()) == (b.kind(), b.to_string(), b.hint())
        }
        _ => a == b,
    }
}

fn is_same_entry(a: &AuditEntry, b: &AuditEntry) -> bool {
    (&a.event_type, &a.resource, &a.detail) == (&b.event_type, &b.resource, &b.detail)
}

/// Output that was not UTF-8 and was read from JSON has replacement characters where the other has bytes.
fn is_same_output(a: &Captured, b: &Captured) -> bool {
    let is_read = a.bytes_before.is_some() || b.bytes_before.is_some();
    let text = |captured: &Captured| String::from_utf8_lossy(&captured.bytes).into_owned();
    a == b
        || (is_read
            && (a.len(), a.dropped_bytes) == (b.len(), b.dropped_bytes)
            && text(a) == text(b))
}

fn host_calls<'a>(
    before: &'a [HostCalls],
    after: &'a [HostCalls],
) -> Vec<Change<Option<&'a HostCalls>>> {
    let mut functions: BTreeMap<(&str, &str), Change<Option<&HostCalls>>> = BTreeMap::new();
    let nothing = Change {
        before: None,
        after: None,
    };
    for calls in before {
        let function = (&*calls.interface, &*calls.function);
        functions.entry(function).or_insert(nothing).before = Some(calls);
    }
    for calls in after {
        let function = (&*calls.interface, &*calls.function);
        functions.entry(function).or_insert(nothing).after = Some(calls);
    }
    let changes = functions.into_values();
    changes
        .filter(|change| change.before != change.after)
        .collect()
}
