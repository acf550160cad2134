//! `fractalaw profile`: which function used how much fuel, as JSON.

use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::process::ExitCode;

use anyhow::Context;
use fractalaw_host::{LoadError, ProfileError, terminal};

use crate::flags;
use crate::run::{self, HOST_FAILED, REFUSED, USAGE, fail};

pub(crate) fn run(flags: flags::Run) -> ExitCode {
    run::start_logging();
    if flags.ledger.is_some() {
        let _ = writeln!(
            io::stderr(),
            "error: `--ledger` with `profile`, expected no ledger: a measurement is not recorded\n\
             hint: record the run itself, with `fractalaw run --ledger`"
        );
        return ExitCode::from(USAGE);
    }
    match profile(flags) {
        Ok(json) => match run::print(&json) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        },
        Err(error) => match error.downcast::<ProfileError>() {
            Ok(ProfileError::Host(error) | ProfileError::Load(LoadError::Host(error))) => {
                fail(&error.into())
            }
            Ok(reason) => without(&reason),
            Err(error) => fail(&error),
        },
    }
}

/// Says why there is no profile. A component that is refused has the exit code that it has everywhere.
fn without(reason: &ProfileError) -> ExitCode {
    let said = terminal::lines(&reason.to_string());
    let _ = writeln!(io::stderr(), "error: {said}");
    if let Some(hint) = reason.hint() {
        let _ = writeln!(io::stderr(), "hint: {hint}");
    }
    ExitCode::from(match reason {
        ProfileError::Load(LoadError::Refused(_)) => REFUSED,
        _ => HOST_FAILED,
    })
}

fn profile(flags: flags::Run) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .context("could not start the async runtime")?;
    let host = ManuallyDrop::new(run::host(&flags)?.build()?);
    let component = flags.component.clone();
    let run = run::request(flags)?.deterministic();
    let app = host.load_profiled_file(&component)?;
    let profile = runtime.block_on(host.profile(&app, &run));
    runtime.shutdown_background();
    let json = serde_json::to_string_pretty(&profile?).context("could not write the profile")?;
    Ok(terminal::json(json) + "\n")
}
