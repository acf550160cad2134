//! One run's use of events: what it stages, and how that is settled.

use std::sync::{Arc, Mutex};

use fractalaw_events_engine::{Allowed, Claim, Ending, EngineError, Run, RunId};
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Account, Ended, Session, Threads, Verdict};
use fractalaw_host::{Deeds, Effect, HostError, Settled};
use serde_json::{Value, json};

use crate::claims::lock;
use crate::deeds::deeds;
use crate::effect::effects;
use crate::engine::Delivering;
use crate::failure::failed;
use crate::limits::STAGED_BYTES;

/// The characters of a guest's text that a trace shows.
const NOTED_CHARACTERS: usize = 64;

/// A guest's text in a trace.
pub(crate) fn noted(text: &str) -> Value {
    json!(text.chars().take(NOTED_CHARACTERS).collect::<String>())
}

/// The names of a micro-app.
pub(crate) struct Names {
    /// The name in its component. A guest knows only this one.
    pub(crate) own: String,
    /// The name by which the supervisor knows it.
    pub(crate) supervised: String,
}

impl Names {
    /// The name that the engine knows, for a name that a guest gives.
    pub(crate) fn source<'n>(&'n self, given: &'n str) -> &'n str {
        match given == self.own {
            true => &self.supervised,
            false => given,
        }
    }
}

/// A run's events and tasks.
pub(crate) struct EventsSession {
    pub(crate) names: Names,
    pub(crate) account: Account,
    pub(crate) threads: Threads,
    /// `None` if nothing that the run stages is delivered.
    pub(crate) delivering: Option<Delivering>,
    /// Locked by the current call. If the guest is cut off while it cancels a task, the call goes on, and settling waits
    /// for it here.
    pub(crate) stage: Arc<Mutex<Stage>>,
    /// The kind of outcome, from when the run has ended.
    pub(crate) outcome: &'static str,
}

/// How far a run is.
pub(crate) enum Stage {
    /// The delivery that triggered it is claimed.
    Claimed(Box<Claimed>),
    /// The guest runs.
    Open(Box<Run>),
    Over,
}

/// A claim, and what its run will need.
pub(crate) struct Claimed {
    pub(crate) claim: Claim,
    pub(crate) run: RunId,
    pub(crate) allowed: Allowed,
}

/// The outcome of a run that was never prepared. It has no report.
const HOST_FAILED: &str = "host-failed";

impl EventsSession {
    /// Counts what the run stages, before it does.
    pub(crate) fn hold(&self, bytes: u64) -> Called<()> {
        self.account.hold(bytes.saturating_add(STAGED_BYTES))
    }

    /// Makes a call that does not wait.
    pub(crate) fn stage<T>(&mut self, work: impl FnOnce(&mut Run, &Names) -> T) -> Called<T> {
        match &mut *lock(&self.stage) {
            Stage::Open(run) => Ok(work(run, &self.names)),
            _ => Err(not_open()),
        }
    }

    /// Makes a call on a thread, if there is something to wait for.
    pub(crate) async fn stage_beside<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Run) -> T + Send + 'static,
    ) -> Called<T> {
        if self.delivering.is_none() {
            return self.stage(|run, _| work(run));
        }
        let (stage, threads) = (Arc::clone(&self.stage), self.threads.clone());
        let done = threads.run(move || match &mut *lock(&stage) {
            Stage::Open(run) => Ok(work(run)),
            _ => Err(not_open()),
        });
        done.await?
    }

    fn take(&self) -> Stage {
        std::mem::replace(&mut *lock(&self.stage), Stage::Over)
    }
}

/// Functions are called only between `start` and `prepare`.
fn not_open() -> wasmtime::Error {
    failed("the run has not begun or has ended").into()
}

impl Session for EventsSession {
    fn waits(&self) -> bool {
        self.delivering.is_some()
    }

    fn start_waits(&self) -> bool {
        matches!(&*lock(&self.stage), Stage::Claimed(_))
    }

    /// The attempt is on disk before the guest starts.
    fn start(&mut self) -> Result<(), HostError> {
        let mut stage = lock(&self.stage);
        *stage = match (
            std::mem::replace(&mut *stage, Stage::Over),
            &self.delivering,
        ) {
            (Stage::Claimed(claimed), Some(delivering)) => {
                let Claimed {
                    claim,
                    run,
                    allowed,
                } = *claimed;
                let (run, _) = claim
                    .start(run, allowed, delivering.now())
                    .map_err(failed)?;
                Stage::Open(Box::new(run))
            }
            (stage, _) => stage,
        };
        Ok(())
    }

    fn prepare(&mut self, ended: &Ended<'_>) -> Called<Vec<Effect>> {
        self.outcome = ended.outcome().kind();
        let mut stage = lock(&self.stage);
        let Stage::Open(run) = &mut *stage else {
            return Ok(Vec::new());
        };
        run.prepare(ended.is_completed()).map_err(failed)?;
        Ok(effects(run.steps(), Settled::of(ended.outcome())))
    }

    fn deeds(&self) -> Option<Deeds> {
        match &*lock(&self.stage) {
            Stage::Open(run) => Some(deeds(run.steps())),
            _ => None,
        }
    }

    fn settle(self: Box<Self>, verdict: Verdict) -> Result<(), HostError> {
        let (Stage::Open(run), Some(delivering)) = (self.take(), &self.delivering) else {
            return Ok(());
        };
        let (ending, outcome) = match (verdict, Ending::of(self.outcome)) {
            (Verdict::Completed, _) => (Ending::Completed, self.outcome),
            // Its closing could not be recorded, so it did not complete.
            (Verdict::NotCompleted, Ending::Completed) => (Ending::Failed, HOST_FAILED),
            (Verdict::NotCompleted, ending) => (ending, self.outcome),
            // The next start asks the ledger.
            (Verdict::Unknown, _) => return Ok(()),
        };
        settle(*run, ending, outcome, delivering).map_err(failed)
    }
}

fn settle(
    run: Run,
    ending: Ending,
    outcome: &str,
    delivering: &Delivering,
) -> Result<(), EngineError> {
    run.settle(ending, outcome, delivering.now())
}

impl Drop for EventsSession {
    /// A session that is dropped without being settled has no closing that says `completed`, and never will have.
    fn drop(&mut self) {
        let Some(delivering) = &self.delivering else {
            return;
        };
        match self.take() {
            Stage::Open(run) => {
                // If it cannot be written, the next start settles it in the same way.
                let _ = settle(*run, Ending::Failed, HOST_FAILED, delivering);
            }
            Stage::Claimed(claimed) => {
                let key = claimed.claim.delivery().key();
                delivering.claims.keep(key, claimed.claim);
            }
            Stage::Over => {}
        }
    }
}
