//! Runs that leave nothing behind, to see how a micro-app would end.

use fractalaw_report::Report;

use super::Host;
use crate::error::HostError;
use crate::load::micro_app::MicroApp;
use crate::run::{self, Beside, NotRun, Run};

impl Host {
    /// Runs a micro-app to see how it ends. What it does to data, and what it emits and schedules, is discarded. The ledger
    /// has nothing of it. What it writes into granted folders stays.
    ///
    /// # Errors
    ///
    /// As for [`Host::run`].
    pub async fn rehearse(&self, app: &MicroApp, run: &Run) -> Result<Report, HostError> {
        let decided = self.decide(app.asking(), run)?;
        let measured = Beside {
            is_measured: true,
            ..Beside::default()
        };
        // The sessions are dropped without being settled.
        match run::execute(self.parts(), app, run, decided, measured).await {
            Ok(ran) => Ok(*ran.report),
            Err(NotRun::Refused(refused)) => Ok(Report::refused(
                refused.refusal,
                Some(app.identity()),
                refused.limits,
                refused.decision,
            )),
            Err(NotRun::Failed(failed)) => Err(failed.error),
        }
    }
}
