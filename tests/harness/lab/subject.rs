//! What a case runs: a component as a host has loaded it, or why the host refused it.

use anyhow::Result;
use fractalaw_host::{
    Certainty, Decision, Durations, Host, LoadError, MicroApp, Refusal, Report, Run, Tier,
};

/// A component that a host accepted or refused. Either way its runs have reports.
#[derive(Clone)]
pub(super) struct Subject(Result<MicroApp, Refusal>);

impl Subject {
    pub(super) fn load(host: &Host, component: &[u8]) -> Result<Subject> {
        match host.load(component) {
            Ok(app) => Ok(Subject(Ok(app))),
            Err(LoadError::Refused(refusal)) => Ok(Subject(Err(refusal))),
            Err(LoadError::Host(error)) => Err(error.into()),
        }
    }

    /// Runs, and removes from the report what differs from run to run.
    pub(super) async fn run(&self, host: &Host, run: &Run) -> Result<Report> {
        let mut report = match &self.0 {
            Ok(app) => host.run(app, run).await?,
            Err(refusal) => {
                let limits = run.limits(Tier::default());
                Report::refused(refusal.clone(), None, limits, Decision::default())
            }
        };
        report.durations = Durations::default();
        if report.fuel.certainty == Certainty::Unrepeatable {
            let fuel = &mut report.fuel;
            (fuel.instantiation, fuel.guest, fuel.host_calls) = (0, 0, 0);
            report.host_calls.clear();
            report.trace = None;
            for entry in &mut report.audit {
                entry.fuel = 0;
            }
            report.backtrace.clear();
        }
        Ok(report)
    }
}
