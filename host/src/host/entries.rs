//! The two entries of a run in the ledger: its opening, and its closing, which decides about what the run did.

use fractalaw_ledger::Opening;
use fractalaw_report::{App, Report};

use crate::error::HostError;
use crate::ledger::recording::{Recording, verdict_without};
use crate::ledger::{self, Beginning};
use crate::policy::decision::Decided;
use crate::run::{Failed, Ran, Run};

/// The opening of a run, after the decision.
pub(super) fn opening(app: &App, run: &Run, decided: &Decided) -> Opening {
    ledger::opening(&Beginning {
        app: Some(app),
        limits: &decided.limits,
        grants: &decided.grants,
        determinism: run.determinism(),
        decision: Some(&decided.decision),
        missing: &decided.missing,
        trigger: run.triggered_by(),
    })
}

/// Closes a run in the ledger, if it was opened there, and then settles what it did. If the closing could not be recorded,
/// the caller gets an error and no report.
pub(super) async fn close(
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
            let deeds = match sessions.deeds() {
                Ok(deeds) => deeds,
                Err(error) => {
                    let closing = ledger::closing_of_failed(&error, report.fuel.consumed(), budget);
                    recording.close_failed(&report.audit, closing).await;
                    return Err(error);
                }
            };
            let waits = sessions.wait();
            let settle = move |closed: Result<(), HostError>| match closed {
                Ok(()) => sessions.settle_now(verdict),
                Err(error) => {
                    let _ = sessions.settle_now(verdict_without(&error));
                    Err(error)
                }
            };
            recording.close(&report, deeds, waits, settle).await?;
            Ok(*report)
        }
        (None, Ok(ran)) => {
            let verdict = ran.verdict();
            ran.sessions.settle(verdict).await?;
            Ok(*ran.report)
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
