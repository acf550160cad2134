//! The state of one run, which host functions get.

use std::sync::Arc;
use std::time::Instant;

use fractalaw_report::{App, QuotaLimit};
use serde_json::Value;
use wasmtime::component::ResourceTable;

use crate::inputs::Grants;
use crate::offer::account::Account;
use crate::offer::determinism::{self, VirtualTime};
use crate::offer::limiter::Limiter;
use crate::offer::meter::Meter;
use crate::offer::session::{Session, Sessions};
use crate::recorder::Recorder;

/// The data of one run's store: what every run has, and the session of each capability.
pub struct RunState {
    /// What runs. The report gets it.
    pub(crate) app: App,
    /// What the run is granted.
    pub(crate) inputs: Arc<Grants>,
    pub(crate) meter: Meter,
    pub(crate) limiter: Limiter,
    pub(crate) account: Account,
    /// The time of a deterministic run.
    pub(crate) virtual_time: Option<VirtualTime>,
    /// The seed of a deterministic run's random numbers.
    pub(crate) seed: Option<u64>,
    pub(crate) handles: ResourceTable,
    pub(crate) sessions: Sessions,
    /// Only in the run of a profiled twin.
    pub(crate) recorder: Option<Box<Recorder>>,
}

impl RunState {
    /// The session of a capability.
    ///
    /// # Panics
    ///
    /// If no capability of the host has a session of this type.
    pub fn session<S: Session>(&mut self) -> &mut S {
        self.session_and_handles().0
    }

    /// The session of a capability, together with the table of the guest's handles.
    ///
    /// # Panics
    ///
    /// If no capability of the host has a session of this type.
    pub fn session_and_handles<S: Session>(&mut self) -> (&mut S, &mut ResourceTable) {
        (self.sessions.of(), &mut self.handles)
    }

    /// The table of what the guest has handles of. Dropping a handle removes its entry.
    pub fn handles(&mut self) -> &mut ResourceTable {
        &mut self.handles
    }

    /// What the run may still use. Pass it to work on other threads.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Charges the current call beyond its price: see [`Account::charge`].
    ///
    /// # Errors
    ///
    /// If the run cannot pay it.
    pub fn charge(&self, fuel: u64) -> wasmtime::Result<()> {
        self.account.charge(fuel)
    }

    /// Counts more of what a quota limits, before it is done.
    ///
    /// # Errors
    ///
    /// If it exceeds the quota. The run then ends with the outcome `quota-exceeded`.
    pub fn count(&mut self, quota: &'static QuotaLimit, more: u64) -> wasmtime::Result<()> {
        Ok(self.meter.count(quota, more)?)
    }

    /// Says something of the current call, for a run whose host calls are listed in the report. A guest's long text is
    /// best cut. In a deterministic run the facts must repeat, as the rest of the report does.
    pub fn note(&mut self, facts: impl FnOnce() -> Vec<(String, Value)>) {
        self.meter.note(facts);
    }

    /// When the run is cut off, by the machine's clock.
    pub fn deadline(&self) -> Instant {
        self.account.deadline()
    }

    /// The run's own time, in nanoseconds since 1970. It is the machine's, or in a deterministic run virtual
    /// time, which moves on only when the guest waits.
    pub fn now_unix_ns(&self) -> u64 {
        determinism::now_unix_ns(self.virtual_time.as_ref())
    }

    /// The seed of a deterministic run's random numbers; `None` for any other run.
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// Whether the same component with the same inputs must give the same report.
    pub fn is_deterministic(&self) -> bool {
        self.virtual_time.is_some()
    }
}
