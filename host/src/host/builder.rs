//! The settings of a host, and how it starts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fractalaw_ledger::{Durability, Ledger, Options};
use tokio::sync::watch;

use super::{Host, Inner};
use crate::engine::Reuse;
use crate::error::HostError;
use crate::ledger::recording::Recorded;
use crate::ledger::verdicts::Verdicts;
use crate::load::cache::CodeCache;
use crate::load::compiler::Compiler;
use crate::load::loader::Loader;
use crate::offer::capability::Capability;
use crate::offer::file_threads::FileThreads;
use crate::offer::offered::Offer;
use crate::offer::starting::{GrantedName, Starting};
use crate::policy::Policy;
use crate::policy::own_files::OwnFiles;
use crate::run::kept::Kept;
use crate::run::shards::Shards;
use crate::run::slots::Slots;
use crate::{engine, interfaces};

/// The settings of a host. Each has a default.
#[derive(Clone, Debug)]
pub struct HostBuilder {
    slots: u32,
    shards: Option<usize>,
    reuse: Reuse,
    max_waiting: usize,
    compile_time: Option<Duration>,
    cache: Option<PathBuf>,
    policy: Option<Policy>,
    ledger: Option<LedgerOf>,
    ledger_wait: Duration,
    capabilities: Vec<Arc<dyn Capability>>,
}

/// The ledger that a host is given.
#[derive(Clone)]
enum LedgerOf {
    File(PathBuf, Durability),
    Open(Ledger),
}

impl LedgerOf {
    fn path(&self) -> &Path {
        match self {
            LedgerOf::File(path, _) => path,
            LedgerOf::Open(ledger) => ledger.path(),
        }
    }

    fn durability(&self) -> Durability {
        match self {
            LedgerOf::File(_, durability) => *durability,
            LedgerOf::Open(ledger) => ledger.durability(),
        }
    }
}

impl fmt::Debug for LedgerOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path().display())
    }
}

impl Default for HostBuilder {
    fn default() -> HostBuilder {
        HostBuilder {
            // Runs mostly compute, so a few dozen keep every core of a common machine busy.
            slots: 64,
            shards: None,
            reuse: Reuse::default(),
            // Each waiting run takes the memory of a suspended future, well under a kilobyte.
            max_waiting: 100_000,
            compile_time: None,
            cache: None,
            policy: None,
            ledger: None,
            ledger_wait: Options::default().busy_timeout,
            capabilities: Vec::new(),
        }
    }
}

impl Host {
    /// Returns a builder for a host with other settings than the defaults.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }
}

impl HostBuilder {
    /// How many runs go on at the same time. The pool has this size. Each slot reserves address space, not memory.
    /// The default is 64.
    pub fn slots(mut self, slots: u32) -> HostBuilder {
        self.slots = slots;
        self
    }

    /// How many engines there may be. Each is a shard of the host: an engine of Wasmtime with a pool of its own. Threads that
    /// run guests in one engine slow each other down, so that two do about 1.7 times the work of one. A second engine is
    /// made when a second thread runs guests at the same time, a third one for a third thread, and so on. Then a micro-app
    /// has its code in each engine where it runs, unless that is more than 4 MiB. `slots` is what runs at once in all of them
    /// together. The default is one for each core, and at most 16. A guest cannot tell, and neither can a report.
    pub fn shards(mut self, most: usize) -> HostBuilder {
        self.shards = Some(most);
        self
    }

    /// Which of the free slots a run gets. A guest cannot tell: this is for tests that show it.
    pub fn reuse(mut self, reuse: Reuse) -> HostBuilder {
        self.reuse = reuse;
        self
    }

    /// How many runs may wait for a slot. Further runs are refused. The default is 100 000.
    pub fn max_waiting(mut self, runs: usize) -> HostBuilder {
        self.max_waiting = runs;
        self
    }

    /// How long the compilation of one component may take. After this time the component is refused. The default is
    /// [`COMPILE_TIME`], or [`COMPILE_TIME_PER_MIB`] for each MiB of the component if that is more.
    ///
    /// [`COMPILE_TIME`]: crate::COMPILE_TIME
    /// [`COMPILE_TIME_PER_MIB`]: crate::COMPILE_TIME_PER_MIB
    pub fn compile_time(mut self, limit: Duration) -> HostBuilder {
        self.compile_time = Some(limit);
        self
    }

    /// The folder of compiled code. It is made if it does not exist. By default there is no such folder, and every
    /// component is compiled again.
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> HostBuilder {
        self.cache = Some(folder.into());
        self
    }

    /// What micro-apps are granted in addition to what each run brings. By default this is nothing.
    pub fn policy(mut self, policy: Policy) -> HostBuilder {
        self.policy = Some(policy);
        self
    }

    /// The ledger that records every run. The opening is recorded before the guest starts, and the entries and the
    /// closing before there is a report. By default there is no ledger, which costs nothing.
    pub fn ledger(mut self, file: impl Into<PathBuf>, durability: Durability) -> HostBuilder {
        self.ledger = Some(LedgerOf::File(file.into(), durability));
        self
    }

    /// The same for a ledger that is open already. What the caller appends to it then shares transactions with runs, and
    /// does not wait for them.
    pub fn open_ledger(mut self, ledger: Ledger) -> HostBuilder {
        self.ledger = Some(LedgerOf::Open(ledger));
        self
    }

    /// How long to wait for other processes that append to the ledger. The default is 10 s.
    pub fn ledger_wait(mut self, wait: Duration) -> HostBuilder {
        self.ledger_wait = wait;
        self
    }

    /// Offers a capability to guests, in addition to WASI and the audit log.
    pub fn offer(mut self, capability: impl Capability + 'static) -> HostBuilder {
        self.capabilities.push(Arc::new(capability));
        self
    }

    /// Offers several capabilities, as a program does that gets them from elsewhere: see
    /// [`Offers`](crate::capability::Offers).
    pub fn offer_all(
        mut self,
        capabilities: impl IntoIterator<Item = Arc<dyn Capability>>,
    ) -> HostBuilder {
        self.capabilities.extend(capabilities);
        self
    }

    /// Reserves the pool and starts the ticker.
    ///
    /// # Errors
    ///
    /// - The address space cannot hold the pool.
    /// - The cache folder cannot be made or is not private, or the ledger cannot be opened.
    /// - A folder that the policy grants for writing overlaps with another of its folders, or contains files of the host
    ///   or of a capability.
    /// - Two capabilities offer something with the same name.
    /// - The policy has a key, a quota or an interface that no capability of this host has.
    pub fn build(mut self) -> Result<Host, HostError> {
        let durable = self
            .ledger
            .as_ref()
            .is_some_and(|ledger| ledger.durability() == Durability::Entry);
        let capabilities = std::mem::take(&mut self.capabilities);
        let offer = interfaces::offer(durable, capabilities)?;
        if let Some(policy) = &mut self.policy {
            policy.check(&offer)?;
            policy.check_folders()?;
        }
        let cache = self.cache.as_deref().map(CodeCache::open).transpose()?;
        let ledger = self
            .ledger
            .as_ref()
            .map(|ledger| open(ledger, self.ledger_wait))
            .transpose()?;
        let names = self.policy.as_ref();
        let names = names.map_or_else(Vec::new, |policy| policy.granted_names(&offer));
        let own_files = self.own_files(&names, &offer)?;
        let verdicts = Verdicts {
            ledger: self.ledger.as_ref().map(|ledger| ledger.path().to_owned()),
        };
        offer.start(&Starting {
            names: &names,
            verdicts: &verdicts,
        })?;
        let engine = engine::new(self.slots, self.reuse)?;
        let linker = Arc::new(offer.linker(&engine).map_err(HostError::Linker)?);
        let stop = Arc::new(watch::Sender::new(false));
        // With other orders of reuse, the slots of one pool are what a test is about.
        let most = match self.reuse {
            Reuse::SameApp => self.shards,
            Reuse::Any | Reuse::Never => Some(1),
        };
        let shards = Shards::new(
            Arc::clone(&linker),
            self.slots,
            most,
            Arc::clone(&stop),
            offer.clone(),
        )?;
        let slots = Slots::new(shards, self.max_waiting);
        let policy = self.policy.map(Arc::new);
        Ok(Host(Arc::new(Inner {
            loader: Arc::new(Loader {
                offer,
                linker,
                cache,
                compiler: Compiler::new(self.compile_time),
                policy: policy.clone(),
            }),
            slots,
            kept: Kept::new(self.reuse),
            file_threads: FileThreads::new(),
            own_files,
            policy,
            ledger,
            stop,
        })))
    }

    /// The paths of the host's own files, after a check that no folder that the policy grants for writing contains
    /// them.
    fn own_files(&self, names: &[GrantedName], offer: &Offer) -> Result<OwnFiles, HostError> {
        let mut own = OwnFiles::default();
        if let Some(folder) = &self.cache {
            own.add("the cache of compiled code", folder)?;
        }
        if let Some(ledger) = &self.ledger {
            own.add("the ledger", ledger.path())?;
        }
        if let Some(policy) = &self.policy {
            let path = &policy.id().path;
            // A policy that was not read from a file has an empty path.
            if !path.as_os_str().is_empty() {
                own.add("the policy", path)?;
            }
            own.add_granted(names, offer)?;
            own.check(policy.folders())?;
        }
        Ok(own)
    }
}

fn open(ledger: &LedgerOf, wait: Duration) -> Result<Recorded, HostError> {
    let ledger = match ledger {
        LedgerOf::File(file, durability) => {
            let options = Options {
                durability: *durability,
                busy_timeout: wait,
                ..Options::default()
            };
            Ledger::open(file, options)?
        }
        LedgerOf::Open(ledger) => ledger.clone(),
    };
    let durability = ledger.durability();
    Ok(Recorded::new(ledger, durability))
}
