//! Everything that a host offers to guests is a capability. The host's own use the same interface as an embedder's.
//!
//! The [`Table`] of a [`Capability`] says what it offers and what can be granted. The capability adds its functions to the
//! linker, and begins a [`Session`] for each run.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use fractalaw_ledger::Trigger;
use fractalaw_manifest::Manifest;
use fractalaw_report::{App, QuotaLimit, QuotaLimits};

use crate::error::HostError;
use crate::inputs::{Determinism, Grants};
use crate::ledger::recording::Recording;
use crate::offer::account::Account;
use crate::offer::determinism::{self, VirtualTime};
use crate::offer::file_threads::{FileLane, FileThreads, Threads};
use crate::offer::folder::OpenFolder;
use crate::offer::linker::PricedLinker;
use crate::offer::session::Session;
use crate::offer::starting::{GrantedName, Starting};
use crate::offer::table::Table;

/// Makes the capabilities that a program adds to ours. It is called for each host, so hosts share what it shares.
pub type Offers = fn() -> Vec<Arc<dyn Capability>>;

/// Something outside of the guest that guests can call.
pub trait Capability: Send + Sync {
    /// What it offers.
    fn table(&self) -> &'static Table;

    /// Offers all functions of its table.
    ///
    /// # Errors
    ///
    /// Those of the linker.
    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> wasmtime::Result<()>;

    /// Called when the host starts. What earlier runs left unsettled is settled here, by what the ledger says of them.
    ///
    /// # Errors
    ///
    /// If the host must not start.
    fn start(&self, starting: &Starting<'_>) -> Result<(), HostError> {
        let _ = starting;
        Ok(())
    }

    /// Whether the capability takes part in a run that can call none of its functions, for example because it has what
    /// triggered the run.
    fn attends(&self, granted: &Granted<'_>) -> bool {
        let _ = granted;
        false
    }

    /// Begins a run with these grants. It is not called if the table has interfaces and the component imports none of
    /// them, because then the component can call nothing of the capability, unless the capability
    /// [attends](Capability::attends). Leave what takes time until the guest calls, because many runs import a function and
    /// do not call it. What must be done before the guest starts belongs into [`Session::start`].
    ///
    /// # Errors
    ///
    /// If the host cannot give what was granted.
    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError>;
}

impl fmt::Debug for dyn Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table().name)
    }
}

/// What one run was granted. A session begins with it.
pub struct Granted<'a> {
    pub(crate) app: &'a App,
    pub(crate) inputs: &'a Arc<Grants>,
    /// The interfaces that it imports and that need a grant.
    pub(crate) interfaces: &'a BTreeSet<String>,
    /// Of each capability of the host, whether the component can call any of its functions.
    pub(crate) callable: &'a [bool],
    pub(crate) manifest: &'a Manifest,
    pub(crate) names: &'a [GrantedName],
    pub(crate) quotas: &'a QuotaLimits,
    /// Whether a policy lowers some of them.
    pub(crate) are_lowered: bool,
    pub(crate) account: &'a Account,
    pub(crate) determinism: Determinism,
    pub(crate) virtual_time: Option<&'a VirtualTime>,
    /// The granted folders, open, and the threads that work on them. Both are empty if no folder is granted.
    pub(crate) folders: &'a [OpenFolder],
    pub(crate) files: Option<&'a FileLane>,
    pub(crate) file_threads: &'a FileThreads,
    pub(crate) is_measured: bool,
    pub(crate) run_number: u64,
    pub(crate) trigger: Option<&'a Trigger>,
    /// The ledger's recording, if each entry must be on disk before the guest goes on.
    pub(crate) trail: Option<&'a Recording>,
}

impl<'a> Granted<'a> {
    /// The micro-app that runs.
    pub fn app(&self) -> &'a App {
        self.app
    }

    /// The granted arguments, variables, input and folders.
    pub fn inputs(&self) -> &'a Grants {
        self.inputs
    }

    /// The names that the policy grants under a key of the capability. Each is listed once, with the value of the most
    /// particular section.
    pub fn names<'k>(&self, key: &'k str) -> impl Iterator<Item = &'a GrantedName> + use<'a, 'k> {
        self.names.iter().filter(move |name| name.key == key)
    }

    /// Whether the component imports this interface and the interface needs a grant. It is named as in the
    /// capability's table.
    pub fn asks_for(&self, interface: &str) -> bool {
        self.interfaces.contains(interface)
    }

    /// Whether the manifest asks for this name under a key of the capability.
    pub fn asks_for_name(&self, key: &str, name: &str) -> bool {
        self.manifest.names(key).iter().any(|asked| asked == name)
    }

    /// Whether the run is made only to measure it. It must leave everything as it is, whatever its sessions do before
    /// they are dropped.
    pub fn is_measured(&self) -> bool {
        self.is_measured
    }

    /// Whether the run's time is virtual and its random numbers come from a seed, so that it repeats exactly.
    pub fn is_deterministic(&self) -> bool {
        self.determinism.fixed().is_some()
    }

    /// The run's number in the ledger, or 0 without one.
    pub fn run_number(&self) -> u64 {
        self.run_number
    }

    /// What started the run, if a supervisor did.
    pub fn trigger(&self) -> Option<&'a Trigger> {
        self.trigger
    }

    /// The run's own time at its start, in nanoseconds since 1970. It is virtual in a deterministic run.
    pub fn now_unix_ns(&self) -> u64 {
        determinism::now_unix_ns(self.virtual_time)
    }

    /// The limit of a quota in this run.
    pub fn limit(&self, quota: &QuotaLimit) -> u64 {
        if !self.are_lowered {
            return quota.most;
        }
        let known = self.quotas.named(&quota.quota.name);
        known.map_or(quota.most, |known| known.limit)
    }

    /// What the run may still use.
    pub fn account(&self) -> &'a Account {
        self.account
    }

    /// Threads for work that may wait.
    pub fn threads(&self) -> Threads {
        self.file_threads.threads()
    }
}
