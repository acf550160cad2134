//! What a host offers to guests comes as capabilities, through one door: the host's own exactly as an embedder's.
//!
//! A [`Capability`] says in its [`Table`] what it offers and what may be granted of it, adds its functions to the linker,
//! and begins a [`Session`] for each run.

use std::fmt;
use std::sync::Arc;

use fractalaw_report::{App, QuotaLimit, QuotaLimits};

use crate::error::HostError;
use crate::inputs::{Determinism, Grants};
use crate::ledger::recording::Recording;
use crate::offer::account::Account;
use crate::offer::determinism::VirtualTime;
use crate::offer::file_threads::{FileLane, FileThreads, Threads};
use crate::offer::folder::OpenFolder;
use crate::offer::linker::PricedLinker;
use crate::offer::session::Session;
use crate::offer::starting::{GrantedName, Starting};
use crate::offer::table::Table;

/// Something outside of themselves that guests may reach.
pub trait Capability: Send + Sync {
    /// What it offers.
    fn table(&self) -> &'static Table;

    /// Offers the functions of its table, all of them.
    ///
    /// # Errors
    ///
    /// What the linker says.
    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> wasmtime::Result<()>;

    /// The host starts. What earlier runs left unsettled is settled now, as the ledger says.
    ///
    /// # Errors
    ///
    /// When the host must not start.
    fn start(&self, starting: &Starting<'_>) -> Result<(), HostError> {
        let _ = starting;
        Ok(())
    }

    /// Begins a run that was granted this. It is called for every run, also of a component that imports none of it: what
    /// costs time is left until the guest calls.
    ///
    /// # Errors
    ///
    /// When the host cannot give what was granted.
    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError>;
}

impl fmt::Debug for dyn Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table().name)
    }
}

/// What one run was granted, when its session begins.
pub struct Granted<'a> {
    pub(crate) app: &'a App,
    pub(crate) inputs: &'a Arc<Grants>,
    pub(crate) names: &'a [GrantedName],
    pub(crate) quotas: &'a QuotaLimits,
    pub(crate) account: &'a Account,
    pub(crate) determinism: Determinism,
    pub(crate) virtual_time: Option<&'a VirtualTime>,
    /// The granted folders, opened, and the threads that work on them; none where no folder is granted.
    pub(crate) folders: &'a [OpenFolder],
    pub(crate) files: Option<&'a FileLane>,
    pub(crate) file_threads: &'a FileThreads,
    /// Where the ledger is to have each entry of the trail before the guest goes on.
    pub(crate) trail: Option<&'a Recording>,
}

impl<'a> Granted<'a> {
    /// Who runs.
    pub fn app(&self) -> &'a App {
        self.app
    }

    /// Its arguments, variables, input and folders.
    pub fn inputs(&self) -> &'a Grants {
        self.inputs
    }

    /// What the policy grants under a key of the capability's: each name once, as the most particular section has it.
    pub fn names<'k>(&self, key: &'k str) -> impl Iterator<Item = &'a GrantedName> + use<'a, 'k> {
        self.names.iter().filter(move |name| name.key == key)
    }

    /// The bound of a quota in this run.
    pub fn limit(&self, quota: &QuotaLimit) -> u64 {
        let known = self.quotas.named(&quota.quota.name);
        known.map_or(quota.most, |known| known.limit)
    }

    /// What the run may use.
    pub fn account(&self) -> &'a Account {
        self.account
    }

    /// Threads for work that may wait.
    pub fn threads(&self) -> Threads {
        self.file_threads.threads()
    }
}
