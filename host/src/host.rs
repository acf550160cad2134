//! The host: engine, linker, ticker, cache and slots, made once and shared by all runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fractalaw_ledger::{Durability, Ledger, Opening, Options};
use fractalaw_manifest::Tier;
use tokio::sync::watch;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::cache::CodeCache;
use crate::compiler::Compiler;
use crate::component_source::Source;
use crate::error::{HostError, LoadError};
use crate::file_threads::FileThreads;
use crate::inspect::Inspection;
use crate::interfaces::{self, RunState};
use crate::ledger::recording::{Recorded, Recording};
use crate::limits::{AppliedLimits, COMPILE_TIME};
use crate::micro_app::MicroApp;
use crate::policy::Policy;
use crate::policy::decision::{self, Decided};
use crate::policy::grant::Decision;
use crate::profile::{self, Profile, ProfileError, ProfiledApp};
use crate::reading::on_its_stack;
use crate::refusal::Refusal;
use crate::report::Report;
use crate::run::{Beside, Run};
use crate::slots::Slots;
use crate::ticker::Ticker;
use crate::{engine, ledger, run};

/// Everything that runs share. Cheap to clone; the clones are one host.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    engine: Engine,
    linker: Linker<RunState>,
    cache: Option<CodeCache>,
    compiler: Compiler,
    slots: Slots,
    file_threads: FileThreads,
    policy: Option<Policy>,
    ledger: Option<Recorded>,
    stop: watch::Sender<bool>,
    _ticker: Ticker,
}

/// What a host is made of: every setting has a default.
#[derive(Clone, Debug)]
pub struct HostBuilder {
    slots: u32,
    max_waiting: usize,
    compile_time: Duration,
    cache: Option<PathBuf>,
    policy: Option<Policy>,
    ledger: Option<(PathBuf, Durability)>,
    ledger_wait: Duration,
}

impl Default for HostBuilder {
    fn default() -> HostBuilder {
        HostBuilder {
            // Runs mostly compute: a few dozen keep every core of a common machine busy.
            slots: 64,
            // Each waiting run costs the memory of a suspended future, well under a kilobyte.
            max_waiting: 100_000,
            compile_time: COMPILE_TIME,
            cache: None,
            policy: None,
            ledger: None,
            ledger_wait: Options::default().busy_timeout,
        }
    }
}

impl HostBuilder {
    /// How many runs go on at once: the capacity from which the whole pool is sized. Each slot
    /// reserves address space, not memory. Default 64.
    pub fn slots(mut self, slots: u32) -> HostBuilder {
        self.slots = slots;
        self
    }

    /// How many runs may wait for a slot before further ones are refused. Default 100 000.
    pub fn max_waiting(mut self, runs: usize) -> HostBuilder {
        self.max_waiting = runs;
        self
    }

    /// Wall-clock time that compiling one component may take before it is refused. Default 60 s.
    pub fn compile_time(mut self, limit: Duration) -> HostBuilder {
        self.compile_time = limit;
        self
    }

    /// Folder of compiled code, made if absent. Default: none, every component is compiled anew.
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> HostBuilder {
        self.cache = Some(folder.into());
        self
    }

    /// What is granted to which micro-apps, beyond what each run brings. Default: nothing is.
    pub fn policy(mut self, policy: Policy) -> HostBuilder {
        self.policy = Some(policy);
        self
    }

    /// The ledger that every run is recorded in: its opening before the guest starts, its entries and its
    /// closing before there is a report. Default: none, which costs nothing.
    pub fn ledger(mut self, file: impl Into<PathBuf>, durability: Durability) -> HostBuilder {
        self.ledger = Some((file.into(), durability));
        self
    }

    /// How long to wait for other processes that append to the ledger. Default 10 s.
    pub fn ledger_wait(mut self, wait: Duration) -> HostBuilder {
        self.ledger_wait = wait;
        self
    }

    /// Reserves the pool and starts the ticker.
    ///
    /// # Errors
    ///
    /// When the address space cannot hold the pool, the cache folder is missing or not private, or the ledger
    /// cannot be opened; when a folder of the policy overlaps with one that it grants for writing.
    pub fn build(mut self) -> Result<Host, HostError> {
        if let Some(policy) = &mut self.policy {
            policy.check_folders()?;
        }
        let cache = self.cache.map(CodeCache::open).transpose()?;
        let ledger = self
            .ledger
            .map(|(file, durability)| open(&file, durability, self.ledger_wait))
            .transpose()?;
        let engine = engine::new(self.slots)?;
        let durable = ledger
            .as_ref()
            .is_some_and(|ledger| ledger.durability == Durability::Entry);
        let linker = interfaces::linker(&engine, durable).map_err(HostError::Linker)?;
        let ticker = Ticker::start(&engine)?;
        let slots = Slots::new(self.slots, self.max_waiting);
        Ok(Host(Arc::new(Inner {
            engine,
            linker,
            cache,
            compiler: Compiler::new(self.compile_time),
            slots,
            file_threads: FileThreads::new(),
            policy: self.policy,
            ledger,
            stop: watch::Sender::new(false),
            _ticker: ticker,
        })))
    }
}

fn open(file: &Path, durability: Durability, wait: Duration) -> Result<Recorded, HostError> {
    let options = Options {
        durability,
        busy_timeout: wait,
        ..Options::default()
    };
    Ok(Recorded {
        ledger: Ledger::open(file, options)?,
        durability,
    })
}

impl Host {
    /// Starts a host with other than the default settings.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Examines, compiles (or takes from the cache) and pre-links a component.
    ///
    /// Compiling takes milliseconds for a small component and seconds for a large one, and blocks the
    /// calling thread: from async code, call it where blocking is allowed.
    ///
    /// # Errors
    ///
    /// [`LoadError::Refused`] when the component is at fault, [`LoadError::Host`] when the host is.
    pub fn load(&self, bytes: &[u8]) -> Result<MicroApp, LoadError> {
        self.load_source(&Source::Bytes(bytes))
    }

    fn load_source(&self, source: &Source<'_>) -> Result<MicroApp, LoadError> {
        let inner = &*self.0;
        let (cache, compiler) = (inner.cache.as_ref(), &inner.compiler);
        on_its_stack(|| MicroApp::load(source, &inner.linker, cache, compiler))
    }

    /// As [`Host::load`], from a file. A file over the size limit is refused unread.
    ///
    /// # Errors
    ///
    /// Also when the file cannot be read.
    pub fn load_file(&self, path: impl AsRef<Path>) -> Result<MicroApp, LoadError> {
        self.load_source(&Source::File(path.as_ref()))
    }

    /// Runs a micro-app in a fresh instance, waiting for a slot if all are taken.
    ///
    /// Needs a Tokio runtime with its timer enabled. Dropping the future ends the guest.
    ///
    /// # Errors
    ///
    /// When the request cannot be met, such as a granted folder that is not there; never because of
    /// what the guest does, which is the report's [`outcome`](Report::outcome).
    pub async fn run(&self, app: &MicroApp, run: &Run) -> Result<Report, HostError> {
        let decided = decision::decide(app.asking(), run, self.0.policy.as_ref());
        let Some(ledger) = &self.0.ledger else {
            return self.execute(app, run, decided, None).await;
        };
        let budget = decided.limits.limits.fuel;
        let opening = ledger::opening(app.identity(), run, &decided);
        let recording = Recording::open(ledger, opening).await?;
        let trail = recording.is_live().then(|| recording.clone());
        match self.execute(app, run, decided, trail).await {
            Ok(report) => {
                recording.close(&report).await?;
                Ok(report)
            }
            Err(error) => {
                recording.close_failed(&error, budget).await;
                Err(error)
            }
        }
    }

    async fn execute(
        &self,
        app: &MicroApp,
        run: &Run,
        decided: Decided<'_>,
        trail: Option<Recording>,
    ) -> Result<Report, HostError> {
        let (limits, decision) = (decided.limits, decided.decision.clone());
        let beside = Beside {
            trail,
            ..Beside::default()
        };
        match run::execute(self.shared(), app, run, decided, beside).await {
            Ok((report, _)) => Ok(report),
            Err(run::NotRun::Refused(refusal)) => {
                Ok(Report::refused(refusal, Some(app), limits, decision))
            }
            Err(run::NotRun::Host(error)) => Err(error),
        }
    }

    fn shared(&self) -> run::Shared<'_> {
        run::Shared {
            engine: &self.0.engine,
            file_threads: &self.0.file_threads,
            slots: &self.0.slots,
            stop: self.0.stop.subscribe(),
        }
    }

    /// Cuts off all runs, and those that begin later where they first give way: their outcome is
    /// [`Interrupted`](crate::Outcome::Interrupted), and their reports and the ledger are as of any other.
    pub fn stop(&self) {
        self.0.stop.send_replace(true);
        if let Some(recorded) = &self.0.ledger {
            recorded.ledger.hurry();
        }
    }

    /// Ends the work of this host with its ledger: what was acknowledged stands in the file of that name, and no
    /// longer in what SQLite keeps beside it. Runs that end later are recorded all the same.
    ///
    /// # Errors
    ///
    /// When the file was moved, or what was acknowledged is not in it: [`HostError::NotAcknowledged`].
    pub fn settle(&self) -> Result<(), HostError> {
        match &self.0.ledger {
            Some(recorded) => recorded.ledger.settle().map_err(HostError::NotAcknowledged),
            None => Ok(()),
        }
    }

    /// Loads and runs a file; a component that is refused gives a report that says so. It loads on the
    /// calling thread, as [`Host::load`] does.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or the request cannot be met.
    pub async fn run_file(&self, path: impl AsRef<Path>, run: &Run) -> Result<Report, HostError> {
        let path = path.as_ref();
        match self.load_file(path) {
            Ok(app) => self.run(&app, run).await,
            Err(LoadError::Refused(refusal)) => self.refused(path, run, refusal).await,
            Err(LoadError::Host(error)) => Err(error),
        }
    }

    /// The report of a file that [`Host::load_file`] refused, recorded as a run that did not begin:
    /// [`Host::run_file`] does both.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be written.
    pub async fn refused(
        &self,
        path: &Path,
        run: &Run,
        refusal: Refusal,
    ) -> Result<Report, HostError> {
        let limits = run.limits(Tier::default());
        let report = Report::refused(refusal, None, limits, Decision::default());
        if let Some(ledger) = &self.0.ledger {
            let opening = self.opening_of_refused(path, run, &limits);
            let recording = Recording::open(ledger, opening).await?;
            recording.close(&report).await?;
        }
        Ok(report)
    }

    /// By what can be told without loading it.
    fn opening_of_refused(&self, path: &Path, run: &Run, limits: &AppliedLimits) -> Opening {
        if let Ok(inspection) = Inspection::of_file(path) {
            let manifest = inspection.manifest.clone().unwrap_or_default();
            let policy = self.0.policy.as_ref();
            let decided = decision::decide(inspection.asking(&manifest), run, policy);
            return ledger::opening(&inspection.app, run, &decided);
        }
        // Of a file over the size limit there is no digest, because it is not read.
        let digest = Source::File(path).digest().ok();
        ledger::opening_of_refused(digest.as_deref(), run, limits)
    }

    /// Loads a component for profiling: as [`Host::load`], and its twin with hooks.
    ///
    /// # Errors
    ///
    /// When the component is refused, or has something in which its functions cannot be followed.
    pub fn load_profiled(&self, bytes: &[u8]) -> Result<ProfiledApp, ProfileError> {
        let inner = &*self.0;
        let app = self.load(bytes)?;
        let (cache, compiler) = (inner.cache.as_ref(), &inner.compiler);
        on_its_stack(|| {
            let profiled = ProfiledApp::load(app, bytes, &inner.linker, cache, compiler);
            Ok::<_, LoadError>(profiled)
        })?
    }

    /// Runs a micro-app and says which of its functions used how much fuel, to the unit. What it is granted is
    /// decided as for any run; a measurement is not recorded in the ledger.
    ///
    /// It runs as by [`Host::run`], and then its twin, once or, if it runs out of fuel, up to three times,
    /// with the same limits but for the deadline. What the twin does is compared with the run: a
    /// deterministic one that writes to no folder gives the same.
    ///
    /// # Errors
    ///
    /// When the outcome is one whose fuel does not repeat, when run and twin differ, and as [`Host::run`].
    pub async fn profile(&self, app: &ProfiledApp, run: &Run) -> Result<Profile, ProfileError> {
        profile::profile(|| self.shared(), app, run, self.0.policy.as_ref()).await
    }
}

/// Runs one component once, with its own tier's limits and nothing granted: host, micro-app and run
/// in one call. It starts a runtime of its own, so it is not for async code.
///
/// # Errors
///
/// When the file cannot be read or the host cannot start.
pub fn run_component(path: impl AsRef<Path>) -> Result<Report, HostError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|source| HostError::Start {
            what: "the async runtime",
            source,
        })?;
    let host = Host::builder().slots(1).build()?;
    let report = runtime.block_on(host.run_file(path, &Run::new()));
    // A guest that was cut off may have left a thread waiting for a file for ever.
    runtime.shutdown_background();
    report
}
