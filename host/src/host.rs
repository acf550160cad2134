//! The host: engine, linker, ticker, cache and slots, made once and shared by all runs.

pub(crate) mod builder;

use std::path::Path;
use std::sync::Arc;

use fractalaw_ledger::Opening;
use fractalaw_manifest::Tier;
use fractalaw_report::{App, Outcome, Profile, Refusal, Report};
use tokio::sync::watch;

use crate::error::{HostError, LoadError, PolicyError};
use crate::inspect::Inspection;
use crate::ledger::Beginning;
use crate::ledger::recording::{Recorded, Recording};
use crate::ledger::verdicts::Verdict;
use crate::load::loader::Loader;
use crate::load::micro_app::MicroApp;
use crate::load::reading::{self, on_its_stack};
use crate::load::source::Source;
use crate::offer::file_threads::FileThreads;
use crate::offer::offered::Offer;
use crate::policy::Policy;
use crate::policy::asking::Asking;
use crate::policy::decision::{self, Decided};
use crate::policy::own_files::OwnFiles;
use crate::profile::{self, ProfileError, ProfiledApp};
use crate::run::slots::Slots;
use crate::run::ticker::Ticker;
use crate::run::until::stopped;
use crate::run::{Beside, Failed, HostParts, Ran, Run};
use crate::{ledger, run};

/// Everything that runs share. Cheap to clone; the clones are one host.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    /// Shared with threads that load, which may outlive who waits for them, and must not keep the ledger open.
    loader: Arc<Loader>,
    slots: Slots,
    file_threads: FileThreads,
    own_files: OwnFiles,
    policy: Option<Policy>,
    ledger: Option<Recorded>,
    stop: Arc<watch::Sender<bool>>,
    _ticker: Ticker,
}

impl Host {
    /// Examines, compiles (or takes from the cache) and pre-links a component.
    ///
    /// Compiling takes milliseconds for a small component and seconds for a large one, and blocks the
    /// calling thread: from async code, call it where blocking is allowed. Nothing is recorded, because nothing runs:
    /// of what is not trusted to be loaded, [`Host::run_file`] records the opening first.
    ///
    /// # Errors
    ///
    /// [`LoadError::Refused`] when the component is at fault, [`LoadError::Host`] when the host is.
    pub fn load(&self, bytes: &[u8]) -> Result<MicroApp, LoadError> {
        let loader = &*self.0.loader;
        on_its_stack(|| loader.load(loader.read(Source::Bytes(bytes))?))
    }

    /// As [`Host::load`], from a file. A file over the size limit is refused unread.
    ///
    /// # Errors
    ///
    /// Also when the file cannot be read.
    pub fn load_file(&self, path: impl AsRef<Path>) -> Result<MicroApp, LoadError> {
        let loader = &*self.0.loader;
        let path = path.as_ref();
        on_its_stack(|| loader.load(loader.read(Source::open(path)?)?))
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
        let decided = self.decide(app.asking(), run)?;
        let budget = decided.limits.limits.fuel;
        let opening = || opening(app.identity(), run, &decided);
        let recording = self.open(opening).await?;
        let ended = self.execute(app, run, decided, recording.as_ref()).await;
        close(recording, ended, budget).await
    }

    /// Opens a run in the ledger, if there is one.
    async fn open(
        &self,
        opening: impl FnOnce() -> Opening,
    ) -> Result<Option<Recording>, HostError> {
        match &self.0.ledger {
            Some(ledger) => Ok(Some(Recording::open(ledger, opening()).await?)),
            None => Ok(None),
        }
    }

    async fn execute(
        &self,
        app: &MicroApp,
        run: &Run,
        decided: Decided,
        recording: Option<&Recording>,
    ) -> Result<Ran, Failed> {
        let (limits, decision) = (decided.limits.clone(), decided.decision.clone());
        let beside = Beside {
            recording,
            ..Beside::default()
        };
        match run::execute(self.parts(), app, run, decided, beside).await {
            Ok(ran) => Ok(ran),
            Err(run::NotRun::Refused(refusal)) => Ok(Ran::nothing(Report::refused(
                refusal,
                Some(app.identity()),
                limits,
                decision,
            ))),
            Err(run::NotRun::Failed(failed)) => Err(failed),
        }
    }

    /// What guests are offered.
    pub fn offer(&self) -> &Offer {
        &self.0.loader.offer
    }

    /// Inspects a component as [`Inspection::of`] does, by what this host offers.
    ///
    /// # Errors
    ///
    /// When the bytes are not a component's.
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspection, LoadError> {
        on_its_stack(|| Inspection::read(Source::Bytes(bytes), self.offer()))
    }

    fn decide(&self, asking: Asking<'_>, run: &Run) -> Result<Decided, PolicyError> {
        let brought = run.brought(asking.manifest.tier, self.offer());
        brought.section.check(self.offer())?;
        let policy = self.0.policy.as_ref();
        Ok(decision::decide(asking, brought, policy, self.offer()))
    }

    fn parts(&self) -> HostParts<'_> {
        HostParts {
            engine: self.0.loader.engine(),
            offer: self.offer(),
            file_threads: &self.0.file_threads,
            own_files: &self.0.own_files,
            slots: &self.0.slots,
            stop: &self.0.stop,
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

    /// Loads and runs a file; a component that is refused gives a report that says so. With a ledger, the run is
    /// opened as soon as the component's digest is known and what it says of itself, and before it is judged or
    /// compiled: if that should end the process, the ledger has an opening without a closing.
    ///
    /// It loads on a thread of its own. Told to [`stop`](Host::stop), it does not wait for the end of that.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or the request cannot be met.
    pub async fn run_file(&self, path: impl AsRef<Path>, run: &Run) -> Result<Report, HostError> {
        let (loader, path) = (Arc::clone(&self.0.loader), path.as_ref().to_owned());
        let read = reading::beside(move || loader.read(Source::open(&path)?)).await;
        let candidate = match read {
            Ok(candidate) => candidate,
            Err(LoadError::Refused(refusal)) => return self.refused_unread(run, refusal).await,
            Err(LoadError::Host(error)) => return Err(error),
        };
        let about = candidate.about();
        let decided = self.decide(about.asking(), run)?;
        let limits = decided.limits.clone();
        let budget = limits.limits.fuel;
        let opening = || opening(&about.app, run, &decided);
        let recording = self.open(opening).await?;
        let loader = Arc::clone(&self.0.loader);
        let mut stop = self.0.stop.subscribe();
        let loaded = tokio::select! {
            biased;
            loaded = reading::beside(move || loader.load(candidate)) => Some(loaded),
            () = stopped(&mut stop) => None,
        };
        let ended = match loaded {
            Some(Ok(app)) => self.execute(&app, run, decided, recording.as_ref()).await,
            Some(Err(LoadError::Refused(refusal))) => Ok(Ran::nothing(Report::not_run(
                Outcome::Refused(refusal),
                limits,
            ))),
            Some(Err(LoadError::Host(error))) => Err(error.into()),
            None => Ok(Ran::nothing(Report::not_run(Outcome::Interrupted, limits))),
        };
        close(recording, ended, budget).await
    }

    /// Of a file that is refused by its size there is no digest, because it is not read.
    async fn refused_unread(&self, run: &Run, refusal: Refusal) -> Result<Report, HostError> {
        let limits = run.limits_of(Tier::default(), self.offer());
        let opening = || {
            ledger::opening(&Beginning {
                app: None,
                limits: &limits,
                grants: run.grants(),
                determinism: run.determinism(),
                decision: None,
                missing: &[],
            })
        };
        let recording = self.open(opening).await?;
        let budget = limits.limits.fuel;
        let report = Report::not_run(Outcome::Refused(refusal), limits);
        close(recording, Ok(Ran::nothing(report)), budget).await
    }

    /// Loads a component for profiling: as [`Host::load`], and its twin with hooks.
    ///
    /// # Errors
    ///
    /// When the component is refused, or has something in which its functions cannot be followed.
    pub fn load_profiled(&self, bytes: &[u8]) -> Result<ProfiledApp, ProfileError> {
        self.load_profiled_source(|| Ok(Source::Bytes(bytes)))
    }

    /// As [`Host::load_profiled`], from a file.
    ///
    /// # Errors
    ///
    /// Also when the file cannot be read.
    pub fn load_profiled_file(&self, path: impl AsRef<Path>) -> Result<ProfiledApp, ProfileError> {
        let path = path.as_ref();
        self.load_profiled_source(|| Source::open(path))
    }

    fn load_profiled_source<'a>(
        &self,
        source: impl FnOnce() -> Result<Source<'a>, LoadError> + Send,
    ) -> Result<ProfiledApp, ProfileError> {
        let loader = &*self.0.loader;
        on_its_stack(|| Ok::<_, LoadError>(ProfiledApp::load(loader, source()?)))?
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
        profile::profile(|| self.parts(), |asking| self.decide(asking, run), app, run).await
    }
}

/// The opening of a run that was decided about.
fn opening(app: &App, run: &Run, decided: &Decided) -> Opening {
    ledger::opening(&Beginning {
        app: Some(app),
        limits: &decided.limits,
        grants: &decided.grants,
        determinism: run.determinism(),
        decision: Some(&decided.decision),
        missing: &decided.missing,
    })
}

/// Closes a run in the ledger, if it was opened there, and then lets what it did take effect, or not. What could not be
/// recorded is not handed out.
async fn close(
    recording: Option<Recording>,
    ended: Result<Ran, Failed>,
    budget: u64,
) -> Result<Report, HostError> {
    match (recording, ended) {
        (Some(recording), Ok(ran)) => {
            let verdict = ran.verdict();
            let Ran {
                report, sessions, ..
            } = ran;
            let settle = move |closed: Result<(), HostError>| match closed {
                Ok(()) => sessions.settle_now(verdict),
                Err(error) => {
                    // The closing may stand in the ledger all the same.
                    let _ = sessions.settle_now(Verdict::Unknown);
                    Err(error)
                }
            };
            recording.close(&report, settle).await?;
            Ok(report)
        }
        (None, Ok(ran)) => {
            let verdict = ran.verdict();
            ran.sessions.settle(verdict).await?;
            Ok(ran.report)
        }
        (recording, Err(Failed { error, audit, fuel })) => {
            if let Some(recording) = recording {
                let closing = ledger::closing_of_failed(&error, fuel, budget);
                recording.close_failed(&audit, closing).await;
            }
            Err(error)
        }
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
