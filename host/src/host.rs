//! The host: engine, linker, ticker, cache and slots, made once and shared by all runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fractalaw_manifest::Tier;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::cache::CodeCache;
use crate::compiler::Compiler;
use crate::component_source::Source;
use crate::error::{HostError, LoadError};
use crate::interfaces::{self, RunState};
use crate::limits::COMPILE_TIME;
use crate::micro_app::MicroApp;
use crate::profile::{self, Profile, ProfileError, ProfiledApp};
use crate::report::Report;
use crate::run::Run;
use crate::slots::Slots;
use crate::ticker::Ticker;
use crate::{engine, run};

/// Everything that runs share. Cheap to clone; the clones are one host.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    engine: Engine,
    linker: Linker<RunState>,
    cache: Option<CodeCache>,
    compiler: Compiler,
    slots: Slots,
    _ticker: Ticker,
}

/// What a host is made of: every setting has a default.
#[derive(Clone, Debug)]
pub struct HostBuilder {
    slots: u32,
    max_waiting: usize,
    compile_time: Duration,
    cache: Option<PathBuf>,
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

    /// Reserves the pool and starts the ticker.
    ///
    /// # Errors
    ///
    /// When the address space cannot hold the pool, or the cache folder is missing or not private.
    pub fn build(self) -> Result<Host, HostError> {
        let cache = self.cache.map(CodeCache::open).transpose()?;
        let engine = engine::new(self.slots)?;
        let linker = interfaces::linker(&engine).map_err(HostError::Linker)?;
        let ticker = Ticker::start(&engine)?;
        let slots = Slots::new(self.slots, self.max_waiting);
        Ok(Host(Arc::new(Inner {
            engine,
            linker,
            cache,
            compiler: Compiler::new(self.compile_time),
            slots,
            _ticker: ticker,
        })))
    }
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
        MicroApp::load(source, &inner.linker, inner.cache.as_ref(), &inner.compiler)
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
        match run::execute(&self.0.engine, &self.0.slots, app, run).await {
            Ok(report) => Ok(report),
            Err(run::NotRun::Refused(refusal)) => {
                let limits = run.limits(app.manifest().tier);
                Ok(Report::refused(refusal, Some(app), limits))
            }
            Err(run::NotRun::Host(error)) => Err(error),
        }
    }

    /// Loads and runs a file; a component that is refused gives a report that says so. It loads on the
    /// calling thread, as [`Host::load`] does.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or the request cannot be met.
    pub async fn run_file(&self, path: impl AsRef<Path>, run: &Run) -> Result<Report, HostError> {
        match self.load_file(path) {
            Ok(app) => self.run(&app, run).await,
            Err(LoadError::Refused(refusal)) => {
                Ok(Report::refused(refusal, None, run.limits(Tier::default())))
            }
            Err(LoadError::Host(error)) => Err(error),
        }
    }

    /// Loads a component for profiling: as [`Host::load`], and its twin with hooks, which is compiled anew.
    ///
    /// # Errors
    ///
    /// When the component is refused, or has something in which its functions cannot be followed.
    pub fn load_profiled(&self, bytes: &[u8]) -> Result<ProfiledApp, ProfileError> {
        ProfiledApp::load(self.load(bytes)?, bytes, &self.0.linker, &self.0.compiler)
    }

    /// Runs a micro-app and says which of its functions used how much fuel, to the unit.
    ///
    /// It runs as by [`Host::run`], and then its twin, once or, if it runs out of fuel, up to three times,
    /// with the same limits but for the deadline. What the twin does is compared with the run: a
    /// deterministic one that writes to no folder gives the same.
    ///
    /// # Errors
    ///
    /// When the outcome is one whose fuel does not repeat, when run and twin differ, and as [`Host::run`].
    pub async fn profile(&self, app: &ProfiledApp, run: &Run) -> Result<Profile, ProfileError> {
        profile::profile(&self.0.engine, &self.0.slots, app, run).await
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
