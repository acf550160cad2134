//! What a capability holds for one run, and how that is settled.

use std::any::{Any, TypeId};

use crate::blocking::on_a_thread;
use crate::error::HostError;
use crate::ledger::verdicts::Verdict;
use fractalaw_report::{Effect, Outcome};

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) identity: Option<&'a str>,
}

impl<'a> Ended<'a> {
    /// Whether what it did is to take effect.
    pub fn is_completed(&self) -> bool {
        matches!(self.outcome, Outcome::Completed(_))
    }

    /// What came of it.
    pub fn outcome(&self) -> &'a Outcome {
        self.outcome
    }

    /// What the ledger knows it by: [`Verdicts::of`](crate::capability::Verdicts::of) says what stands there of it. Without
    /// a ledger there is nothing that a later host could ask.
    pub fn identity(&self) -> Option<&'a str> {
        self.identity
    }
}

/// What a capability holds for one run, from before its instance is made until it is settled.
///
/// What a run did takes effect if its closing in the ledger says that it completed. So a session is ended in two steps,
/// with the closing between them: [`prepare`](Session::prepare) makes sure that what the run did can take effect, also
/// after a crash, and [`settle`](Session::settle) lets it. A session that is dropped unsettled takes back what the run did.
pub trait Session: Any + Send {
    /// Whether ending it may wait, for a disk or for work of the run's that goes on elsewhere. Then it is ended on a thread
    /// where waiting is allowed.
    fn waits(&self) -> bool {
        false
    }

    /// The run has ended: makes what it did ready to take effect or to be taken back, and says what it is. It may be asked
    /// again with another outcome, where another capability finds that the run cannot complete.
    ///
    /// # Errors
    ///
    /// When the run cannot complete. An error becomes its outcome as if a function had raised it, unless it is a
    /// [`HostError`]: then the run has no report.
    fn prepare(&mut self, ended: &Ended<'_>) -> wasmtime::Result<Vec<Effect>> {
        let _ = ended;
        Ok(Vec::new())
    }

    /// Lets what was prepared take effect, or takes it back. If nobody can say which, it is left for a host that starts
    /// later, which asks the ledger.
    ///
    /// # Errors
    ///
    /// When it is not known what holds. The run has no report then.
    fn settle(self: Box<Self>, verdict: Verdict) -> Result<(), HostError> {
        let _ = verdict;
        Ok(())
    }
}

/// The sessions of one run. A host has few capabilities, so that they are looked for one after another.
#[derive(Default)]
pub(crate) struct Sessions(Vec<(TypeId, Box<dyn Session>)>);

impl Sessions {
    pub(crate) fn with_capacity(capabilities: usize) -> Sessions {
        Sessions(Vec::with_capacity(capabilities))
    }

    pub(crate) fn add(&mut self, session: Box<dyn Session>) {
        self.0.push((Any::type_id(&*session), session));
    }

    /// The session of this type, if a capability of the host has such.
    pub(crate) fn get<S: Session>(&mut self) -> Option<&mut S> {
        let wanted = TypeId::of::<S>();
        let (_, found) = self.0.iter_mut().find(|(known, _)| *known == wanted)?;
        let found: &mut dyn Any = &mut **found;
        found.downcast_mut()
    }

    /// Prepares all of them, up to the first error.
    pub(crate) async fn prepare(
        self,
        outcome: Outcome,
        identity: Option<String>,
    ) -> (Sessions, Outcome, wasmtime::Result<Vec<Effect>>) {
        let waits = self.wait();
        let work = move || {
            let mut sessions = self;
            let effects = sessions.prepare_now(&Ended {
                outcome: &outcome,
                identity: identity.as_deref(),
            });
            (sessions, outcome, effects)
        };
        if waits {
            on_a_thread(work).await
        } else {
            work()
        }
    }

    fn prepare_now(&mut self, ended: &Ended<'_>) -> wasmtime::Result<Vec<Effect>> {
        let mut effects = Vec::new();
        for (_, session) in &mut self.0 {
            effects.extend(session.prepare(ended)?);
        }
        Ok(effects)
    }

    /// Settles all of them.
    pub(crate) async fn settle(self, verdict: Verdict) -> Result<(), HostError> {
        if self.wait() {
            on_a_thread(move || self.settle_now(verdict)).await
        } else {
            self.settle_now(verdict)
        }
    }

    /// Settles all of them on this thread. All are told, and the first error counts.
    pub(crate) fn settle_now(self, verdict: Verdict) -> Result<(), HostError> {
        let mut settled = Ok(());
        for (_, session) in self.0 {
            let this = session.settle(verdict);
            settled = settled.and(this);
        }
        settled
    }

    fn wait(&self) -> bool {
        self.0.iter().any(|(_, session)| session.waits())
    }
}
