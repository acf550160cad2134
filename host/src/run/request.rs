//! A request to run: limits and grants.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fractalaw_ledger::Trigger;
use fractalaw_manifest::{Tier, guest_path};
use fractalaw_report::{AppliedLimits, Limits};

use crate::inputs::{Determinism, DirGrant, Fixed, Grants};
use crate::offer::folder::Held;
use crate::offer::offered::Offer;
use crate::policy::Section;
use crate::policy::decision::Brought;

/// How to run a micro-app: limits and grants. By default the tier is that of its own manifest, and nothing is
/// granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    tier: Option<Tier>,
    fuel: Option<u64>,
    deadline: Option<Duration>,
    memory_bytes: Option<usize>,
    grants: Arc<Grants>,
    /// Each of the grants' folders, open.
    folders: Vec<Held>,
    section: Section,
    determinism: Determinism,
    trace: bool,
    trigger: Option<Arc<Trigger>>,
}

impl Run {
    /// The component's own tier, no grants, real clocks and randomness.
    pub fn new() -> Run {
        Run::default()
    }

    /// Uses this tier instead of the manifest's.
    pub fn tier(mut self, tier: Tier) -> Run {
        self.tier = Some(tier);
        self
    }

    /// Uses this fuel budget instead of the tier's, in units.
    pub fn fuel(mut self, units: u64) -> Run {
        self.fuel = Some(units);
        self
    }

    /// Uses this deadline instead of the tier's.
    pub fn deadline(mut self, deadline: Duration) -> Run {
        self.deadline = Some(deadline);
        self
    }

    /// Uses this memory cap instead of the tier's, in bytes.
    pub fn memory_bytes(mut self, bytes: usize) -> Run {
        self.memory_bytes = Some(bytes);
        self
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl Into<String>) -> Run {
        self.grants_mut().args.push(arg.into());
        self
    }

    /// Adds an environment variable. If a variable is given twice, the run fails before it begins.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Run {
        self.grants_mut().env.push((name.into(), value.into()));
        self
    }

    /// Sets the standard input.
    pub fn stdin(mut self, bytes: impl Into<Bytes>) -> Run {
        self.grants_mut().stdin = Some(bytes.into());
        self
    }

    /// Adds a folder. It is opened here, once for all runs with this request. If it cannot be opened, these runs
    /// fail.
    pub fn dir(mut self, mut dir: DirGrant) -> Run {
        // A path that is not valid in a guest becomes an error when the run begins.
        dir.guest = guest_path(&dir.guest).unwrap_or(dir.guest);
        self.folders.push(Held::open(&dir.host, dir.writable));
        self.grants_mut().dirs.push(dir);
        self
    }

    /// Adds lines of policy for this run. They take precedence over the host's policy. Their folders are opened
    /// here.
    pub fn grant(mut self, mut section: Section) -> Run {
        section.open_folders();
        self.section = section;
        self
    }

    /// Uses virtual time and seeded randomness. Then the same component with the same grants gives the same
    /// report, except for the durations. Time begins at 2025-01-01T00:00:00Z, unless [`clock`](Run::clock) sets
    /// it, and moves on only when the guest waits.
    pub fn deterministic(self) -> Run {
        let fixed = self.fixed();
        self.with(fixed)
    }

    /// A deterministic run that begins at this time, counted from 1970. A time later than
    /// [`CLOCK_MAX`](crate::CLOCK_MAX) is an error when the run begins.
    pub fn clock(self, unix_start: Duration) -> Run {
        let fixed = Fixed {
            unix_start,
            ..self.fixed()
        };
        self.with(fixed)
    }

    /// A deterministic run whose random numbers come from this seed. The default is 1.
    pub fn seed(self, seed: u64) -> Run {
        let fixed = Fixed {
            seed,
            ..self.fixed()
        };
        self.with(fixed)
    }

    fn fixed(&self) -> Fixed {
        self.determinism.fixed().unwrap_or_default()
    }

    fn with(mut self, fixed: Fixed) -> Run {
        self.determinism = Determinism::Fixed(fixed);
        self
    }

    /// Lists each host call in the report, at most the first [`TRACE_CALLS`](crate::TRACE_CALLS).
    pub fn trace(mut self) -> Run {
        self.trace = true;
        self
    }

    /// Says what started the run. The guest finds it in variables, whose names begin with `FRACTALAW_`. Capabilities and
    /// the ledger get it too. The payload is the standard input, which is set as for any run.
    pub fn trigger(mut self, trigger: Trigger) -> Run {
        self.trigger = Some(Arc::new(trigger));
        self
    }

    fn grants_mut(&mut self) -> &mut Grants {
        Arc::make_mut(&mut self.grants)
    }

    /// What the guest is granted.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// What it brings for a component of this tier, to a host with this offer.
    pub(crate) fn brought(&self, manifest: Tier, offer: &Offer) -> Brought<'_> {
        Brought {
            grants: &self.grants,
            folders: &self.folders,
            section: &self.section,
            limits: self.limits_of(manifest, offer),
        }
    }

    /// The limits for a component of this tier in a host without added capabilities, unless a policy lowers the
    /// quotas.
    pub fn limits(&self, manifest: Tier) -> AppliedLimits {
        self.limits_of(manifest, Offer::standard())
    }

    /// The same in a host with this offer.
    pub(crate) fn limits_of(&self, manifest: Tier, offer: &Offer) -> AppliedLimits {
        let tier = self.tier.unwrap_or(manifest);
        let default = Limits::of(tier);
        let limits = Limits {
            memory_bytes: self.memory_bytes.unwrap_or(default.memory_bytes),
            fuel: self.fuel.unwrap_or(default.fuel),
            deadline: self.deadline.unwrap_or(default.deadline),
        };
        AppliedLimits {
            tier,
            limits,
            quotas: offer.quotas().clone(),
        }
    }

    /// Where its time and randomness come from.
    pub(crate) fn determinism(&self) -> Determinism {
        self.determinism
    }

    /// What started it, if a supervisor did.
    pub fn triggered_by(&self) -> Option<&Trigger> {
        self.trigger.as_deref()
    }

    /// Whether the report lists each host call.
    pub(super) fn traces(&self) -> bool {
        self.trace
    }
}
