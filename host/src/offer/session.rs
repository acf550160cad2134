//! What a capability holds for one run, and how it is settled.

use std::any::{Any, TypeId};

use crate::blocking::on_a_thread;
use crate::error::HostError;
use crate::ledger::verdicts::Verdict;
use crate::panics;
use fractalaw_ledger::Deeds;
use fractalaw_report::{Effect, Outcome, Unmetered};

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) identity: Option<&'a str>,
    pub(crate) is_measured: bool,
}

impl<'a> Ended<'a> {
    /// Whether the run completed, so that what it did can take effect.
    pub fn is_completed(&self) -> bool {
        matches!(self.outcome, Outcome::Completed(_))
    }

    /// Whether the run only measures, for a profile. Then the session is dropped after `prepare`, and nothing may take
    /// effect.
    pub fn is_measured(&self) -> bool {
        self.is_measured
    }

    /// The outcome of the run.
    pub fn outcome(&self) -> &'a Outcome {
        self.outcome
    }

    /// The run's identity in the ledger. A host that starts later can ask
    /// [`Verdicts::of`](crate::capability::Verdicts::of) about it. It is `None` without a ledger.
    pub fn identity(&self) -> Option<&'a str> {
        self.identity
    }
}

/// What a capability holds for one run, from before the instance is made until it is settled.
///
/// What a run did takes effect if its closing in the ledger says that the run completed. So a session ends in two steps,
/// before and after the closing. [`prepare`](Session::prepare) makes sure that what the run did can take effect, even after
/// a crash. [`settle`](Session::settle) lets it take effect. A session that is dropped before it is settled takes back what
/// the run did.
pub trait Session: Any + Send {
    /// Whether `prepare` and `settle` may wait, for example for a disk. Then they are called on a thread where waiting is
    /// allowed.
    fn waits(&self) -> bool {
        false
    }

    /// The same for `start`.
    fn start_waits(&self) -> bool {
        false
    }

    /// Called when all sessions of the run have begun, before anything of the guest runs. What it records is there even if
    /// the guest ends the process.
    ///
    /// # Errors
    ///
    /// If the guest must not start.
    fn start(&mut self) -> Result<(), HostError> {
        Ok(())
    }

    /// Called when the run has ended. Makes what it did ready to take effect or to be taken back, and returns the effects.
    /// It is called again with another outcome if another capability finds that the run cannot complete.
    ///
    /// # Errors
    ///
    /// If the run cannot complete. The error becomes the outcome, as if a function had raised it. A [`HostError`] is an
    /// exception: then the run has no report.
    fn prepare(&mut self, ended: &Ended<'_>) -> wasmtime::Result<Vec<Effect>> {
        let _ = ended;
        Ok(Vec::new())
    }

    /// What the run used and its fuel does not pay for, such as the time of a database that does not say how much it
    /// works. The report says so. It is asked after `prepare`.
    fn unmetered(&self) -> Option<String> {
        None
    }

    /// What the ledger's closing says that the run did, without anything that may be a secret. If it is `None`, the
    /// closing has sums of the effects. It is asked after `prepare`.
    fn deeds(&self) -> Option<Deeds> {
        None
    }

    /// Lets what was prepared take effect, or takes it back. If the verdict is unknown, it must stay as it is for a host
    /// that starts later and asks the ledger.
    ///
    /// # Errors
    ///
    /// If it is unknown whether what the run did took effect. Then the run has no report.
    fn settle(self: Box<Self>, verdict: Verdict) -> Result<(), HostError> {
        let _ = verdict;
        Ok(())
    }
}

/// The sessions of one run. A host has few capabilities, so a session is found by a linear search.
#[derive(Default)]
pub(crate) struct Sessions(Vec<Begun>);

/// The session of one capability.
struct Begun {
    capability: &'static str,
    /// The type of the session, by which functions find it.
    ty: TypeId,
    session: Box<dyn Session>,
}

impl Sessions {
    pub(crate) fn with_capacity(capabilities: usize) -> Sessions {
        Sessions(Vec::with_capacity(capabilities))
    }

    /// Adds the session of a capability. Functions find it by its type, so two capabilities of one host must not have
    /// sessions of the same type.
    pub(crate) fn add(
        &mut self,
        capability: &'static str,
        session: Box<dyn Session>,
    ) -> Result<(), HostError> {
        let ty = Any::type_id(&*session);
        if let Some(other) = self.0.iter().find(|other| other.ty == ty) {
            let other = other.capability;
            let message = format!(
                "`{other}` and `{capability}` have sessions of one type, expected a type for each"
            );
            return Err(HostError::BadOffer { message });
        }
        self.0.push(Begun {
            capability,
            ty,
            session,
        });
        Ok(())
    }

    /// The session of this type, if a capability of the host has one.
    pub(crate) fn get<S: Session>(&mut self) -> Option<&mut S> {
        let wanted = TypeId::of::<S>();
        let found = self.0.iter_mut().find(|begun| begun.ty == wanted)?;
        let found: &mut dyn Any = &mut *found.session;
        found.downcast_mut()
    }

    /// The session of this type.
    ///
    /// # Panics
    ///
    /// If no capability of the host has one.
    pub(crate) fn of<S: Session>(&mut self) -> &mut S {
        self.get().unwrap_or_else(|| {
            panic!(
                "no capability of this host has a `{}`",
                std::any::type_name::<S>()
            )
        })
    }

    /// Starts all sessions, up to the first error.
    pub(crate) async fn start(mut self) -> Result<Sessions, HostError> {
        if !self.0.iter().any(|begun| begun.session.start_waits()) {
            self.start_now()?;
            return Ok(self);
        }
        let work = move || {
            self.start_now()?;
            Ok(self)
        };
        on_a_thread(work).await
    }

    fn start_now(&mut self) -> Result<(), HostError> {
        self.0.iter_mut().try_for_each(|begun| {
            let work = || begun.session.start();
            panics::of_capability(begun.capability, work).flatten()
        })
    }

    /// Prepares all sessions, up to the first error.
    pub(crate) async fn prepare(
        self,
        outcome: Outcome,
        identity: Option<String>,
        is_measured: bool,
    ) -> (Sessions, Outcome, wasmtime::Result<Vec<Effect>>) {
        let waits = self.wait();
        let work = move || {
            let mut sessions = self;
            let effects = sessions.prepare_now(&Ended {
                outcome: &outcome,
                identity: identity.as_deref(),
                is_measured,
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
        for begun in &mut self.0 {
            let work = || begun.session.prepare(ended);
            effects.extend(panics::of_capability(begun.capability, work)??);
        }
        Ok(effects)
    }

    /// What fuel does not pay for, of all sessions.
    pub(crate) fn unmetered(&self) -> Result<Vec<Unmetered>, HostError> {
        let unmetered = self.asked(|session| session.unmetered())?.into_iter();
        let unmetered = unmetered.map(|(capability, what)| Unmetered {
            capability: capability.to_owned(),
            what,
        });
        Ok(unmetered.collect())
    }

    /// What the closing says that the run did, by capability.
    pub(crate) fn deeds(&self) -> Result<Vec<(&'static str, Deeds)>, HostError> {
        self.asked(|session| session.deeds())
    }

    /// The answers of all sessions that have one, by capability.
    fn asked<T>(
        &self,
        ask: impl Fn(&dyn Session) -> Option<T>,
    ) -> Result<Vec<(&'static str, T)>, HostError> {
        let answers = self.0.iter().map(|begun| {
            let answer = panics::of_capability(begun.capability, || ask(&*begun.session))?;
            Ok(answer.map(|answer| (begun.capability, answer)))
        });
        answers.filter_map(Result::transpose).collect()
    }

    /// Settles all sessions.
    pub(crate) async fn settle(self, verdict: Verdict) -> Result<(), HostError> {
        if self.wait() {
            on_a_thread(move || self.settle_now(verdict)).await
        } else {
            self.settle_now(verdict)
        }
    }

    /// Settles all of them on this thread, also after an error. Returns the first error.
    pub(crate) fn settle_now(self, verdict: Verdict) -> Result<(), HostError> {
        let mut settled = Ok(());
        for begun in self.0 {
            let work = || begun.session.settle(verdict);
            let this = panics::of_capability(begun.capability, work).flatten();
            settled = settled.and(this);
        }
        settled
    }

    /// Whether settling may wait.
    pub(crate) fn wait(&self) -> bool {
        self.0.iter().any(|begun| begun.session.waits())
    }
}
