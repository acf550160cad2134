//! `fractalaw profile`: how much fuel each function used, as JSON.

use std::mem::ManuallyDrop;
use std::process::ExitCode;

use anyhow::Context;
use fractalaw_data::Data;
use fractalaw_host::{LoadError, ProfileError, terminal};

use crate::exit::{self, Exit, fail};
use crate::{flags, logging, policy, printing, request};

pub(crate) fn run(flags: flags::Run) -> ExitCode {
    logging::start();
    if flags.ledger.is_some() {
        printing::error(
            "`--ledger` with `profile`, expected no ledger: a measurement is not recorded",
            Some("record the run itself, with `fractalaw run --ledger`"),
        );
        return Exit::Usage.into();
    }
    if flags.record.is_some() {
        printing::error(
            "`--record` with `profile`, expected no record: a measurement is not recorded",
            Some("record the run itself, with `fractalaw run --record`"),
        );
        return Exit::Usage.into();
    }
    match profile(flags) {
        Ok(json) => exit::printed(printing::print(&json)),
        Err(error) => match error.downcast::<ProfileError>() {
            Ok(ProfileError::Host(error) | ProfileError::Load(LoadError::Host(error))) => {
                fail(&error.into())
            }
            Ok(reason) => without(&reason),
            Err(error) => fail(&error),
        },
    }
}

/// Says why there is no profile.
fn without(reason: &ProfileError) -> ExitCode {
    let hint = reason.hint();
    printing::error(terminal::lines(&reason.to_string()), hint.as_deref());
    Exit::from(reason).into()
}

fn profile(flags: flags::Run) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .context("could not start the async runtime")?;
    let policy = policy::load(&flags.grants)?;
    let data = Data::new();
    let host = ManuallyDrop::new(request::host(&flags, policy, &data)?.build()?);
    let component = flags.component.clone();
    let run = request::run(flags, &host, None)?.deterministic();
    let app = host.load_profiled_file(&component)?;
    let profile = runtime.block_on(host.profile(&app, &run));
    runtime.shutdown_background();
    data.close();
    let json = serde_json::to_string_pretty(&profile?).context("could not write the profile")?;
    Ok(terminal::json(json) + "\n")
}
