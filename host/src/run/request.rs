//! How a run is to be: its limits and what it is given.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fractalaw_manifest::{Tier, guest_path};
use fractalaw_report::{AppliedLimits, Limits};

use crate::inputs::{Determinism, DirGrant, Fixed, Grants};
use crate::offer::folder::Held;
use crate::offer::offered::Offer;
use crate::policy::Section;
use crate::policy::decision::Brought;

/// How to run a micro-app: limits and grants. The default is the tier of its own manifest, and
/// nothing granted.
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
}

impl Run {
    /// The component's own tier, nothing granted, real clocks and randomness.
    pub fn new() -> Run {
        Run::default()
    }

    /// Another tier than the manifest's.
    pub fn tier(mut self, tier: Tier) -> Run {
        self.tier = Some(tier);
        self
    }

    /// Another fuel budget than the tier's, in units.
    pub fn fuel(mut self, units: u64) -> Run {
        self.fuel = Some(units);
        self
    }

    /// Another deadline than the tier's.
    pub fn deadline(mut self, deadline: Duration) -> Run {
        self.deadline = Some(deadline);
        self
    }

    /// Another memory cap than the tier's, in bytes.
    pub fn memory_bytes(mut self, bytes: usize) -> Run {
        self.memory_bytes = Some(bytes);
        self
    }

    /// One more argument.
    pub fn arg(mut self, arg: impl Into<String>) -> Run {
        self.grants_mut().args.push(arg.into());
        self
    }

    /// One more environment variable. Of one that is given twice, the run says so and does not begin.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Run {
        self.grants_mut().env.push((name.into(), value.into()));
        self
    }

    /// Standard input.
    pub fn stdin(mut self, bytes: impl Into<Bytes>) -> Run {
        self.grants_mut().stdin = Some(bytes.into());
        self
    }

    /// One more folder. It is opened here, once for all runs that are made of this; if it cannot be, they say so.
    pub fn dir(mut self, mut dir: DirGrant) -> Run {
        // One that is no path of a guest is an error when it is to run.
        dir.guest = guest_path(&dir.guest).unwrap_or(dir.guest);
        self.folders.push(Held::open(&dir.host, dir.writable));
        self.grants_mut().dirs.push(dir);
        self
    }

    /// Lines of policy for this run, before what the host's policy says. Their folders are opened here.
    pub fn grant(mut self, mut section: Section) -> Run {
        section.open_folders();
        self.section = section;
        self
    }

    /// Virtual time and seeded randomness: the same component with the same grants then gives the same report,
    /// durations apart. Time begins at 2025-01-01T00:00:00Z, unless [`clock`](Run::clock) says otherwise, and moves
    /// on only where the guest waits.
    pub fn deterministic(self) -> Run {
        let fixed = self.fixed();
        self.with(fixed)
    }

    /// A deterministic run that begins at this time, counted from 1970. One later than [`CLOCK_MAX`](crate::CLOCK_MAX) does not run.
    pub fn clock(self, unix_start: Duration) -> Run {
        let fixed = Fixed {
            unix_start,
            ..self.fixed()
        };
        self.with(fixed)
    }

    /// A deterministic run whose random numbers come from this seed. Default 1.
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

    /// The report lists each host call, the first [`TRACE_CALLS`](crate::TRACE_CALLS) of them.
    pub fn trace(mut self) -> Run {
        self.trace = true;
        self
    }

    fn grants_mut(&mut self) -> &mut Grants {
        Arc::make_mut(&mut self.grants)
    }

    /// What the guest is given.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// What it brings for a component of this tier to a host with these quotas.
    pub(crate) fn brought(&self, manifest: Tier, offer: &Offer) -> Brought<'_> {
        Brought {
            grants: &self.grants,
            folders: &self.folders,
            section: &self.section,
            limits: self.limits_of(manifest, offer),
        }
    }

    /// The limits in force for a component of this tier in a host to which no capability was added, unless a policy
    /// lowers its quotas.
    pub fn limits(&self, manifest: Tier) -> AppliedLimits {
        self.limits_of(manifest, Offer::standard())
    }

    /// The same in a host that offers this.
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

    /// Whether the report lists each host call.
    pub(super) fn traces(&self) -> bool {
        self.trace
    }
}
