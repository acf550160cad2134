//! The host: engine, linker, ticker, cache and slots. They are made once, and all runs share them.

pub(crate) mod builder;
mod entries;
pub(crate) mod given;
mod profiling;
mod rehearsal;

use std::path::Path;
use std::sync::Arc;

use fractalaw_ledger::{Note, Opening, now_unix_ns};
use fractalaw_manifest::Tier;
use fractalaw_provenance::Signatures;
use fractalaw_report::{App, Decision, NotGranted, Outcome, Refusal, Report};
use tokio::sync::watch;

use entries::{close, opening};

use crate::blocking::on_a_thread;
use crate::error::{HostError, LoadError, PolicyError};
use crate::inspect::Inspection;
use crate::ledger::recording::{Recorded, Recording};
use crate::ledger::{self, Beginning};
use crate::load::loader::{Candidate, Loader};
use crate::load::micro_app::MicroApp;
use crate::load::papers::Papers;
use crate::load::reading::{self, on_its_stack};
use crate::load::source::Source;
use crate::offer::file_threads::FileThreads;
use crate::offer::offered::Offer;
use crate::offer::starting::GrantedName;
use crate::policy::Policy;
use crate::policy::asking::Asking;
use crate::policy::decision::{self, Decided};
use crate::policy::own_files::OwnFiles;
use crate::run::kept::Kept;
use crate::run::slots::Slots;
use crate::run::until::stopped;
use crate::run::{self, Beside, Failed, HostParts, NotRun, Ran, Run};

/// Everything that runs share. It is cheap to clone, and clones are the same host.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    /// Threads that load share it. Such a thread may go on after its caller gave up, and must not keep the ledger open.
    loader: Arc<Loader>,
    slots: Slots,
    kept: Kept,
    file_threads: FileThreads,
    own_files: OwnFiles,
    policy: Option<Arc<Policy>>,
    ledger: Option<Recorded>,
    stop: Arc<watch::Sender<bool>>,
}

/// What a run would be granted.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The names that are granted under the keys of capabilities.
    pub names: Vec<GrantedName>,
    /// What the micro-app asks for and is not granted. If there is anything, it does not start.
    pub missing: Option<NotGranted>,
}

impl Host {
    /// Examines, compiles (or takes from the cache) and pre-links a component.
    ///
    /// Compiling takes milliseconds for a small component and seconds for a large one, and blocks the calling thread.
    /// From async code, call it where blocking is allowed. The ledger records nothing of it, because nothing runs.
    /// [`Host::run_file`] records the opening before it loads.
    ///
    /// # Errors
    ///
    /// [`LoadError::Refused`] if the component is at fault, [`LoadError::Host`] if the host is.
    pub fn load(&self, bytes: &[u8]) -> Result<MicroApp, LoadError> {
        let loader = &*self.0.loader;
        on_its_stack(|| loader.load(loader.read(Source::Bytes(bytes, Papers::Nowhere))?))
    }

    /// Loads a component as [`Host::load`] does, with its signatures, for a policy that requires one.
    ///
    /// # Errors
    ///
    /// Those of [`Host::load`].
    pub fn load_signed(
        &self,
        bytes: &[u8],
        signatures: &Signatures,
    ) -> Result<MicroApp, LoadError> {
        let loader = &*self.0.loader;
        let papers = Papers::Brought(signatures.clone());
        on_its_stack(|| loader.load(loader.read(Source::Bytes(bytes, papers))?))
    }

    /// Loads a file as [`Host::load`] does. A file over the size limit is refused and not read. A file that `apps.lock`
    /// beside it pins must be what is pinned, and its signatures are in the file beside it, `FILE.sig`.
    ///
    /// # Errors
    ///
    /// Those of [`Host::load`], and if the file cannot be read.
    pub fn load_file(&self, path: impl AsRef<Path>) -> Result<MicroApp, LoadError> {
        let loader = &*self.0.loader;
        let path = path.as_ref();
        on_its_stack(|| loader.load(loader.read(Source::open(path)?)?))
    }

    /// Runs a micro-app in a fresh instance. If all slots are taken, it waits for one.
    ///
    /// It needs a Tokio runtime with its timer enabled. If the future is dropped, the guest ends.
    ///
    /// # Errors
    ///
    /// If the request cannot be met, for example because a granted folder does not exist. What the guest does is never
    /// an error. It is the report's [`outcome`](Report::outcome).
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
        let beside = Beside {
            recording,
            ..Beside::default()
        };
        match run::execute(self.parts(), app, run, decided, beside).await {
            Ok(ran) => Ok(ran),
            Err(NotRun::Refused(refused)) => Ok(Ran::nothing(Report::refused(
                refused.refusal,
                Some(app.identity()),
                refused.limits,
                refused.decision,
            ))),
            Err(NotRun::Failed(failed)) => Err(failed),
        }
    }

    /// How many engines it has. There is one until threads run guests at the same time: see
    /// [`HostBuilder::shards`](crate::HostBuilder::shards).
    pub fn shards(&self) -> usize {
        self.0.slots.shards().made()
    }

    /// What the host offers to guests.
    pub fn offer(&self) -> &Offer {
        &self.0.loader.offer
    }

    /// Inspects a component as [`Inspection::of`] does, by what this host offers.
    ///
    /// # Errors
    ///
    /// If the bytes are not a component.
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspection, LoadError> {
        on_its_stack(|| Inspection::read(Source::Bytes(bytes, Papers::Nowhere), self.offer()))
    }

    /// What a run of the micro-app would be granted, without running it.
    ///
    /// # Errors
    ///
    /// If the run brings lines of policy that cannot be used.
    pub fn judge(&self, app: &MicroApp, run: &Run) -> Result<Judged, PolicyError> {
        let Decided { names, missing, .. } = self.decide(app.asking(), run)?;
        let not_granted = || NotGranted::new(app.identity(), app.manifest(), missing.clone());
        Ok(Judged {
            names,
            missing: (!missing.is_empty()).then(not_granted),
        })
    }

    fn decide(&self, asking: Asking<'_>, run: &Run) -> Result<Decided, PolicyError> {
        let brought = run.brought(asking.manifest.tier, self.offer());
        brought.section.check(self.offer())?;
        let policy = self.0.policy.as_deref();
        Ok(decision::decide(asking, brought, policy, self.offer()))
    }

    fn parts(&self) -> HostParts<'_> {
        HostParts {
            offer: self.offer(),
            file_threads: &self.0.file_threads,
            own_files: &self.0.own_files,
            policy: self.0.policy.as_deref(),
            slots: &self.0.slots,
            kept: &self.0.kept,
        }
    }

    /// Cuts off all runs. A run that begins later is cut off where it first gives way. The outcome is
    /// [`Interrupted`](crate::Outcome::Interrupted). Reports and the ledger are complete, as for other outcomes.
    pub fn stop(&self) {
        self.0.stop.send_replace(true);
        if let Some(recorded) = &self.0.ledger {
            recorded.ledger.hurry();
        }
    }

    /// Records what a supervisor does between runs, and returns the number of the entry. It is on disk then. Without a
    /// ledger the number is 0.
    ///
    /// # Errors
    ///
    /// [`HostError::NotAcknowledged`] if it is not recorded.
    pub async fn note(&self, note: Note) -> Result<u64, HostError> {
        let Some(recorded) = &self.0.ledger else {
            return Ok(0);
        };
        let ledger = recorded.ledger.clone();
        let noted = on_a_thread(move || ledger.note(&note, now_unix_ns())).await;
        noted.map_err(HostError::NotAcknowledged)
    }

    /// Moves everything that was acknowledged into the ledger's file, from the files that SQLite keeps beside it. Call
    /// it when the work is done. Runs that end later are still recorded.
    ///
    /// # Errors
    ///
    /// [`HostError::NotAcknowledged`] if the file was moved or lacks something that was acknowledged.
    pub fn settle(&self) -> Result<(), HostError> {
        match &self.0.ledger {
            Some(recorded) => recorded.ledger.settle().map_err(HostError::NotAcknowledged),
            None => Ok(()),
        }
    }

    /// Loads and runs a file. If the component is refused, the report says so. With a ledger, the opening is recorded
    /// when only the component's digest and its own statements about itself are known, before it is judged or compiled.
    /// If judging or compiling ended the process, the ledger would have an opening without a closing.
    ///
    /// It loads on a thread of its own, unless the file is small and its code is in the cache. After [`stop`](Host::stop) it
    /// does not wait for that thread.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or the request cannot be met.
    pub async fn run_file(&self, path: impl AsRef<Path>, run: &Run) -> Result<Report, HostError> {
        let candidate = match reading::file(&self.0.loader, path.as_ref()).await {
            Ok(candidate) => candidate,
            Err(LoadError::Refused(refusal)) => return self.refused_unread(run, refusal).await,
            Err(LoadError::Host(error)) => return Err(error),
        };
        let about = candidate.about();
        let decided = self.decide(about.asking(), run)?;
        let budget = decided.limits.limits.fuel;
        let opening = || opening(&about.app, run, &decided);
        let recording = self.open(opening).await?;
        let loaded = self.load_unless_stopped(candidate).await;
        let ended = match loaded {
            Some(Ok(app)) => self.execute(&app, run, decided, recording.as_ref()).await,
            Some(Err(LoadError::Refused(refusal))) => {
                Ok(did_not_run(Outcome::Refused(refusal), &about.app, decided))
            }
            Some(Err(LoadError::Host(error))) => Err(error.into()),
            None => Ok(did_not_run(Outcome::Interrupted, &about.app, decided)),
        };
        close(recording, ended, budget).await
    }

    /// Loads on a thread of its own, if there is something to do. There is nothing if the host is to stop.
    async fn load_unless_stopped(
        &self,
        candidate: Candidate<'static>,
    ) -> Option<Result<MicroApp, LoadError>> {
        let loader = Arc::clone(&self.0.loader);
        let mut stop = self.0.stop.subscribe();
        if candidate.is_ready() {
            let is_stopped = *stop.borrow();
            return (!is_stopped).then(|| loader.load(candidate));
        }
        tokio::select! {
            biased;
            loaded = reading::beside(move || loader.load(candidate)) => Some(loaded),
            () = stopped(&mut stop) => None,
        }
    }

    /// Reports and records a file that was refused for its size. It has no digest, because it was not read.
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
                trigger: run.triggered_by(),
            })
        };
        let recording = self.open(opening).await?;
        let budget = limits.limits.fuel;
        let report = Report::refused(refusal, None, limits, Decision::default());
        close(recording, Ok(Ran::nothing(report)), budget).await
    }
}

/// What came of a component that was examined and did not run.
fn did_not_run(outcome: Outcome, app: &App, decided: Decided) -> Ran {
    let report = Report::not_run(outcome, Some(app), decided.limits, decided.decision);
    Ran::nothing(report)
}

/// Runs one component once, with the limits of its own tier and no grants. It makes the host, the micro-app and the run
/// in one call, and starts a runtime of its own, so it is not for async code.
///
/// # Errors
///
/// If the file cannot be read or the host cannot start.
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
    // A guest that was cut off may have left a thread that waits for a file for ever.
    runtime.shutdown_background();
    report
}
