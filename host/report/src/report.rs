//! The report of one run as data. `text` and `json` write it.

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
use crate::unmetered::Unmetered;

/// Everything that is known about one run.
///
/// For a deterministic run, everything except [`durations`](Report::durations) repeats exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What ran; `None` for a component that was refused before it was read.
    pub app: Option<App>,
    /// How it ended.
    pub outcome: Outcome,
    /// The guest's functions where it was stopped, innermost first, at most 20. It is empty if the guest returned
    /// by itself.
    pub backtrace: Vec<String>,
    /// The audit entries in order, also if the run was cut off.
    pub audit: Vec<AuditEntry>,
    /// What the run did through the capabilities of its host, in order.
    pub effects: Vec<Effect>,
    /// The fuel.
    pub fuel: Fuel,
    /// What its fuel does not pay for.
    pub unmetered: Vec<Unmetered>,
    /// The host calls, by the names of interface and function.
    pub host_calls: Vec<HostCalls>,
    /// Each host call, if the run was traced.
    pub trace: Option<Trace>,
    /// The linear memory.
    pub memory: Memory,
    /// What it wrote to standard output.
    pub stdout: Captured,
    /// What it wrote to standard error.
    pub stderr: Captured,
    /// The limits that applied.
    pub limits: AppliedLimits,
    /// What it was granted, and who granted it.
    pub grants: Decision,
    /// How long it took.
    pub durations: Durations,
}

/// The linear memory of one run, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The most that all memories held together.
    pub peak_bytes: usize,
    /// The most that they may hold.
    pub cap_bytes: usize,
}

/// The wall-clock times of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// Examining and compiling the component, or finding it in the cache; once for each micro-app.
    pub load: Duration,
    /// Waiting for a slot.
    pub wait: Duration,
    /// From getting the slot to the end of the guest.
    pub run: Duration,
}

impl Report {
    /// The report of a component that did not run, with the limits that it would have had.
    pub fn refused(
        refusal: Refusal,
        app: Option<&App>,
        limits: AppliedLimits,
        grants: Decision,
    ) -> Report {
        Report::not_run(Outcome::Refused(refusal), app, limits, grants)
    }

    /// The report of what ended before a guest was started. `app` is `None` if the component was not examined.
    pub fn not_run(
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
            unmetered: Vec::new(),
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
}
