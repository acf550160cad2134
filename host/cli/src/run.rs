//! `fractalaw run`: makes a run from the flags, prints its report, and turns the outcome into an exit code.

use std::io;
use std::mem::ManuallyDrop;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use fractalaw_data::Data;
use fractalaw_host::{Host, HostError, LoadError, Outcome, Report, Run};
use fractalaw_ledger::{EnsureError, ensure};
use tokio::runtime::Runtime;

use crate::exit::{self, Exit};
use crate::record::{Fixed, Place, Record};
use crate::{flags, logging, policy, printing, request, signals};

pub(crate) fn run(flags: flags::Run) -> ExitCode {
    logging::start();
    let json = flags.json;
    let report = match report(flags) {
        Ok(report) => report,
        Err(error) => return exit::fail(&error),
    };
    let text = if json {
        report.json() + "\n"
    } else {
        report.text()
    };
    if let Err(error) = printing::print(&text) {
        return exit::fail(&error);
    }
    if !json && !matches!(report.outcome, Outcome::Refused(_)) {
        printing::note(report.summary());
    }
    Exit::from(&report.outcome).into()
}

fn report(flags: flags::Run) -> anyhow::Result<Report> {
    let runtime = runtime().map_err(|source| HostError::Start {
        what: "the async runtime",
        source,
    })?;
    let place = match &flags.record {
        Some(folder) => Some(Place::new(folder, Fixed::new(flags.clock, flags.seed))?),
        None => None,
    };
    let policy = policy::load(&flags.grants)?;
    let data = Data::new();
    let mut builder = request::host(&flags, policy.clone(), &data)?;
    if let Some(file) = &flags.ledger {
        if flags.create_ledger {
            ensure(file).map_err(|error| match error {
                EnsureError::Key(error) => anyhow::Error::from(error),
                EnsureError::Ledger(error) => error.into(),
                error => error.into(),
            })?;
        }
        builder = builder
            .ledger(file, request::durability(flags.durability))
            .ledger_wait(flags.ledger_wait);
    }
    // The process ends after the report is printed. The system takes the host's memory back faster than the host
    // could free it piece by piece.
    let host = ManuallyDrop::new(builder.build()?);
    let (component, grace, has_ledger) =
        (flags.component.clone(), flags.grace, flags.ledger.is_some());
    let run = request::run(flags, &host, place.as_ref())?;
    let record = match place {
        Some(place) => record(&host, &component, &run, place, has_ledger)?,
        None => None,
    };
    // Up to here a signal ends the process, because nothing was recorded yet.
    let run = host.run_file(&component, &run);
    let report = runtime.block_on(signals::until_told(&host, grace, run));
    // A guest that was cut off may have left a thread that waits for a file for ever.
    runtime.shutdown_background();
    policy::warn_of_data(&data);
    // So that whoever opens the same database next does not find it locked.
    data.close();
    let report = report.context("could not listen for signals");
    let report = report.and_then(|report| Ok(report?));
    let mut settled = Ok(());
    if has_ledger {
        let host = ManuallyDrop::into_inner(host);
        settled = host.settle();
        // Closes the ledger, so that it is one file.
        drop(host);
    }
    match (&report, record) {
        (Ok(report), Some(record)) => record.finish(report),
        (Err(_), Some(record)) => record.discard(),
        (_, None) => {}
    }
    let report = report?;
    settled?;
    policy::warn_of_other_builds(policy.as_ref(), report.app.as_ref());
    Ok(report)
}

/// Keeps what the run is given, before it begins. There is nothing to keep of a component that is refused.
fn record(
    host: &Host,
    component: &Path,
    run: &Run,
    place: Place,
    has_ledger: bool,
) -> anyhow::Result<Option<Record>> {
    match host.given(component, run) {
        Ok(given) => Record::begin(place, given, has_ledger).map(Some),
        Err(LoadError::Host(error)) => Err(error.into()),
        Err(LoadError::Refused(_)) => Ok(None),
    }
}

/// The runtime panics if it cannot open descriptors for signals, so this is tested first.
fn runtime() -> io::Result<Runtime> {
    drop([
        UnixStream::pair()?,
        UnixStream::pair()?,
        UnixStream::pair()?,
    ]);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}
