//! A run between its end and the time when what it did takes effect.

use fractalaw_report::{Effect, Outcome, Report};

use super::ending;
use crate::error::HostError;
use crate::ledger::verdicts::Verdict;
use crate::offer::session::Sessions;
use crate::recorder::Recorder;

/// A run that has ended. When its sessions are settled, what it did takes effect or is taken back.
pub(crate) struct Ran {
    /// Boxed, because it is handed on several times until the caller has it.
    pub(crate) report: Box<Report>,
    pub(crate) sessions: Sessions,
    pub(crate) recorder: Option<Box<Recorder>>,
}

impl Ran {
    /// A run that did nothing.
    pub(crate) fn nothing(report: Report) -> Ran {
        Ran {
            report: Box::new(report),
            sessions: Sessions::default(),
            recorder: None,
        }
    }

    /// The verdict, if only the outcome decides.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.report.outcome {
            Outcome::Completed(_) => Verdict::Completed,
            _ => Verdict::NotCompleted,
        }
    }
}

/// Prepares what the run did to take effect or to be taken back. If a capability cannot prepare it, its error becomes
/// the outcome.
pub(super) async fn prepare(
    sessions: Sessions,
    outcome: Outcome,
    identity: Option<&str>,
    is_measured: bool,
    handles: u64,
) -> Result<(Sessions, Outcome, Vec<Effect>), HostError> {
    let identity = identity.map(str::to_owned);
    let (sessions, outcome, effects) = sessions
        .prepare(outcome, identity.clone(), is_measured)
        .await;
    let error = match effects {
        Ok(effects) => return Ok((sessions, outcome, effects)),
        Err(error) => match error.downcast::<HostError>() {
            Ok(error) => return Err(error),
            Err(error) => error,
        },
    };
    let outcome = ending::outcome(&error, handles, true);
    let (sessions, outcome, effects) = sessions.prepare(outcome, identity, is_measured).await;
    let effects = effects.map_err(|error| match error.downcast::<HostError>() {
        Ok(error) => error,
        Err(error) => HostError::Engine(error),
    });
    Ok((sessions, outcome, effects?))
}
