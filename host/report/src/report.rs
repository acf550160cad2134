//! The report of one run: the facts, as data. How they read is in `text` and `json`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::audit::AuditEntry;
use crate::captured::Captured;
use crate::effect::Effect;
use crate::fuel::{COST_MODEL, Certainty, Fuel};
use crate::grant::Decision;
use crate::host_calls::{HostCalls, Trace};
use crate::limits::AppliedLimits;
use crate::outcome::Outcome;
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
    /// What it did through the capabilities of its host, in order.
    pub effects: Vec<Effect>,
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

/// Linear memory of one run, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        app: Option<&App>,
        limits: AppliedLimits,
        grants: Decision,
    ) -> Report {
        Report::of_none(Outcome::Refused(refusal), app, limits, grants)
    }

    fn of_none(
        outcome: Outcome,
        app: Option<&App>,
        limits: AppliedLimits,
        grants: Decision,
    ) -> Report {
        Report {
            app: app.cloned(),
            outcome,
            backtrace: Vec::new(),
            audit: Vec::new(),
            effects: Vec::new(),
            fuel: Fuel {
                budget: limits.limits.fuel,
                instantiation: 0,
                guest: 0,
                host_calls: 0,
                certainty: Certainty::Exact,
                cost_model: COST_MODEL,
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
    pub fn not_run(outcome: Outcome, limits: AppliedLimits) -> Report {
        Report::of_none(outcome, None, limits, Decision::default())
    }
}
