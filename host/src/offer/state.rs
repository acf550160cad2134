//! The state of one run, which its host functions are called with.

use std::time::Instant;

use fractalaw_report::QuotaLimit;
use wasmtime::component::ResourceTable;

use crate::offer::account::Account;
use crate::offer::determinism::{self, VirtualTime};
use crate::offer::limiter::Limiter;
use crate::offer::meter::Meter;
use crate::offer::session::{Session, Sessions};
use crate::recorder::Recorder;

/// The data of one run's store: what every run has, and the session of each capability.
pub struct RunState {
    pub(crate) meter: Meter,
    pub(crate) limiter: Limiter,
    pub(crate) account: Account,
    /// Of a deterministic run.
    pub(crate) virtual_time: Option<VirtualTime>,
    /// The same.
    pub(crate) seed: Option<u64>,
    pub(crate) handles: ResourceTable,
    pub(crate) sessions: Sessions,
    /// In the run of a profiled twin only.
    pub(crate) recorder: Option<Box<Recorder>>,
}

impl RunState {
    /// What a capability holds for this run.
    ///
    /// # Panics
    ///
    /// When no capability of the host has a session of this type.
    pub fn session<S: Session>(&mut self) -> &mut S {
        self.session_and_handles().0
    }

    /// The same, with the table of what the guest has handles for.
    ///
    /// # Panics
    ///
    /// As [`RunState::session`].
    pub fn session_and_handles<S: Session>(&mut self) -> (&mut S, &mut ResourceTable) {
        let session = self.sessions.get();
        let session = session.unwrap_or_else(|| {
            panic!(
                "no capability of this host has a `{}`",
                std::any::type_name::<S>()
            )
        });
        (session, &mut self.handles)
    }

    /// What the guest has handles for. A handle that is dropped takes it out.
    pub fn handles(&mut self) -> &mut ResourceTable {
        &mut self.handles
    }

    /// What the run may still use, for work on other threads.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Charges the call that goes on, beyond its price: see [`Account::charge`].
    ///
    /// # Errors
    ///
    /// When the run cannot pay it.
    pub fn charge(&self, fuel: u64) -> wasmtime::Result<()> {
        self.account.charge(fuel)
    }

    /// Counts so much more of what a quota bounds, before it is done.
    ///
    /// # Errors
    ///
    /// When that is more than the run may have. It then ends, with that for an outcome.
    pub fn count(&mut self, quota: &'static QuotaLimit, more: u64) -> wasmtime::Result<()> {
        Ok(self.meter.count(quota, more)?)
    }

    /// When the run is cut off, by the machine's clock.
    pub fn deadline(&self) -> Instant {
        self.account.deadline()
    }

    /// The run's own time, in nanoseconds since 1970: the machine's, or a deterministic run's, which moves on only where
    /// the guest waits.
    pub fn now_unix_ns(&self) -> u64 {
        determinism::now_unix_ns(self.virtual_time.as_ref())
    }

    /// Where the random numbers of a deterministic run come from; nothing in any other.
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// Whether the same component with the same inputs has to give the same.
    pub fn is_deterministic(&self) -> bool {
        self.virtual_time.is_some()
    }
}
