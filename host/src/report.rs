//! The report of one run: the facts, as data. How they read is in `report/`.

pub(crate) mod json;
pub(crate) mod text;

pub use json::JSON_VERSION;

use std::time::Duration;

use crate::interfaces::audit_log::AuditEntry;
use crate::limits::AppliedLimits;
use crate::load::micro_app::{App, MicroApp};
use crate::offer::capture::Captured;
use crate::offer::meter::{HostCalls, Trace};
use crate::outcome::{Certainty, Outcome};
use crate::policy::grant::Decision;
use crate::refusal::Refusal;

/// Everything that is known about one run.
///
/// Of a deterministic run, all but [`durations`](Report::durations) repeats exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What ran; nothing for a component that was refused before it could be told.
    pub app: Option<App>,
    /// How it ended.
    pub outcome: Outcome,
    /// The guest's functions where it was stopped, innermost first, at most 20. Empty when it
    /// returned by itself.
    pub backtrace: Vec<String>,
    /// What it recorded, in order, also when it did not come to an end.
    pub audit: Vec<AuditEntry>,
    /// What it cost.
    pub fuel: Fuel,
    /// What it called of the host, by the names of interface and function.
    pub host_calls: Vec<HostCalls>,
    /// The same call by call, if the run was to be traced.
    pub trace: Option<Trace>,
    /// What it held.
    pub memory: Memory,
    /// What it wrote to standard output.
    pub stdout: Captured,
    /// What it wrote to standard error.
    pub stderr: Captured,
    /// What it was held to.
    pub limits: AppliedLimits,
    /// What it was granted, and who granted it.
    pub grants: Decision,
    /// How long it took.
    pub durations: Durations,
}

/// Fuel of one run, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fuel {
    /// What the run was given.
    pub budget: u64,
    /// What instantiation used: start functions and initialisers, without their host calls.
    pub instantiation: u64,
    /// What the guest's own code used in the call of `run`.
    pub guest: u64,
    /// What all host calls were charged.
    pub host_calls: u64,
    /// What the figures say.
    pub certainty: Certainty,
}

impl Fuel {
    /// The sum of the parts.
    pub fn consumed(&self) -> u64 {
        self.instantiation + self.guest + self.host_calls
    }
}

/// Linear memory of one run, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The most that all memories held together.
    pub peak_bytes: usize,
    /// The most that they may hold.
    pub cap_bytes: usize,
}

/// Wall-clock times of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// Examining and compiling the component, or finding it in the cache; once for each micro-app.
    pub load: Duration,
    /// Waiting for a slot.
    pub wait: Duration,
    /// From the slot to the end of the guest.
    pub run: Duration,
}

impl Report {
    /// The report of a component that did not run, under the limits that it would have run under.
    pub fn refused(
        refusal: Refusal,
        app: Option<&MicroApp>,
        limits: AppliedLimits,
        grants: Decision,
    ) -> Report {
        Report::of_none(Outcome::Refused(refusal), app, limits, grants)
    }

    fn of_none(
        outcome: Outcome,
        app: Option<&MicroApp>,
        limits: AppliedLimits,
        grants: Decision,
    ) -> Report {
        Report {
            app: app.map(|app| app.identity().clone()),
            outcome,
            backtrace: Vec::new(),
            audit: Vec::new(),
            fuel: Fuel {
                budget: limits.limits.fuel,
                instantiation: 0,
                guest: 0,
                host_calls: 0,
                certainty: Certainty::Exact,
            },
            host_calls: Vec::new(),
            trace: None,
            memory: Memory {
                peak_bytes: 0,
                cap_bytes: limits.limits.memory_bytes,
            },
            stdout: Captured::default(),
            stderr: Captured::default(),
            limits,
            grants,
            durations: Durations::default(),
        }
    }

    /// The same of one that nothing was granted yet.
    pub(crate) fn not_run(outcome: Outcome, limits: AppliedLimits) -> Report {
        Report::of_none(outcome, None, limits, Decision::default())
    }

    /// The report for people: result, trail, fuel, and output where there is some. Without the
    /// durations and the memory, it is the same for every repetition of a deterministic run.
    pub fn text(&self) -> String {
        text::render(self)
    }

    /// The report for programs: one JSON object, documented in the README under "Reading a report".
    pub fn json(&self) -> String {
        json::render(self)
    }

    /// One line for the person who waits: memory and times.
    pub fn summary(&self) -> String {
        text::summary(self)
    }
}
