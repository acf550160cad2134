//! The commands of this repository: `cargo xtask` shows them.
//!
//! It starts the host's binary and never links it, so that it compiles in seconds.

#![forbid(unsafe_code)]

mod flags;
mod project;

mod bench;
mod build_guests;
mod ci;
mod fuel;
mod fuzz;
mod inspect;
mod ledger;
mod new;
mod profile;
mod report;
mod run;
mod test;
mod tidy;

mod build_summary;
mod compile;
mod contract;
mod encode;
mod fetch;
mod fresh;
mod guest;
mod guest_cargo;
mod guest_profile;
mod guest_tests;
mod hermetic;
mod sizes;
mod standing;
mod toolchain;

mod cases;
mod progress;
mod reading;
mod records;
mod revision;

mod children;
mod digest;
mod fault;
mod files;
mod in_ci;
mod lock;
mod numbers;
mod tables;
mod totals;
mod workspace_cargo;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser};

use crate::fault::Fault;
use crate::flags::{Command, Flags};
use crate::project::Project;

fn main() -> ExitCode {
    let ended = match Flags::try_parse() {
        Ok(flags) => match flags.command {
            Some(command) => dispatch(&command),
            // Asking for nothing is asking what there is.
            None => shown(Flags::command().print_help()),
        },
        Err(mistake) if mistake.use_stderr() => mistake.exit(),
        Err(page) => shown(page.print()),
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(Fault::code_of(&error))
        }
    }
}

/// How the command ends that printed a page. A reader that closed the pipe has seen what it wanted.
fn shown(printed: io::Result<()>) -> Result<ExitCode> {
    match printed.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn dispatch(command: &Command) -> Result<ExitCode> {
    let project = Project::find()?;
    match command {
        Command::BuildGuests(flags) => build_guests::run(&project, flags)?,
        Command::Run(flags) => return run::run(&project, flags),
        Command::Inspect(flags) => return inspect::run(&project, flags),
        Command::Ledger(flags) => return ledger::run(&project, flags),
        Command::Test(flags) => return test::run(&project, flags),
        Command::Report(flags) => report::run(&project, flags)?,
        Command::Bench(flags) => return bench::run(&project, flags),
        Command::Profile(flags) => return profile::run(&project, flags),
        Command::Fuel(flags) => return fuel::run(&project, flags),
        Command::Fuzz(flags) => return fuzz::run(&project, flags),
        Command::New(flags) => return new::run(&project, flags),
        Command::Ci => return ci::run(&project),
        Command::Tidy => tidy::run(&project)?,
    }
    Ok(ExitCode::SUCCESS)
}
