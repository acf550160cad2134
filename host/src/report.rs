//! The report of one run: the facts, as data. How they read is in `report/`.

mod json;
mod text;

pub use json::JSON_VERSION;

use std::sync::Arc;
use std::time::Duration;

use fractalaw_manifest::Tier;

use crate::capture::Captured;
use crate::interfaces::audit_log::AuditEntry;
use crate::limits::Limits;
use crate::micro_app::MicroApp;
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::run::Run;

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
    /// What it held.
    pub memory: Memory,
    /// What it wrote to standard output.
    pub stdout: Captured,
    /// What it wrote to standard error.
    pub stderr: Captured,
    /// What it was held to.
    pub limits: AppliedLimits,
    /// How long it took.
    pub durations: Durations,
}

/// Which micro-app ran. Shared by all its reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The component's own name.
    pub name: Option<Arc<str>>,
    /// The component's own version.
    pub version: Option<Arc<str>>,
    /// SHA-256 of the component, in lower-case hexadecimal.
    pub digest: Arc<str>,
}

/// Fuel of one run, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fuel {
    /// What the run was given.
    pub budget: u64,
    /// What instantiation used: start functions and initialisers.
    pub instantiation: u64,
    /// What the call of `run` used.
    pub run: u64,
    /// What the two figures say.
    pub certainty: Certainty,
}

impl Fuel {
    /// Instantiation and run together.
    pub fn consumed(&self) -> u64 {
        self.instantiation + self.run
    }
}

/// How far a fuel figure can be relied on. Which outcome gives which is said, with the reason, at
/// [`Outcome::fuel_certainty`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It is the cost, to the unit, and the same on every machine.
    Exact,
    /// The cost is at least this; the figure is the same on every machine.
    LowerBound,
    /// The cost is at least this; the figure differs from run to run or machine to machine.
    Unrepeatable,
}

impl Certainty {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Certainty::Exact => "exact",
            Certainty::LowerBound => "lower-bound",
            Certainty::Unrepeatable => "unrepeatable",
        }
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

/// The limits that a run was held to, and the tier from which those not overridden came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppliedLimits {
    /// The tier.
    pub tier: Tier,
    /// The limits in force.
    pub limits: Limits,
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
    /// The report of a component that did not run.
    pub fn refused(refusal: Refusal, app: Option<&MicroApp>, run: &Run) -> Report {
        let limits = run.limits(app.map(|app| app.manifest().tier).unwrap_or_default());
        Report {
            app: app.map(|app| app.identity().clone()),
            outcome: Outcome::Refused(refusal),
            backtrace: Vec::new(),
            audit: Vec::new(),
            fuel: Fuel {
                budget: limits.limits.fuel,
                instantiation: 0,
                run: 0,
                certainty: Certainty::Exact,
            },
            memory: Memory {
                peak_bytes: 0,
                cap_bytes: limits.limits.memory_bytes,
            },
            stdout: Captured::default(),
            stderr: Captured::default(),
            limits,
            durations: Durations::default(),
        }
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
