//! The commands behind `cargo xtask`, as a library: `cargo xtask` lists them.
//!
//! A repository with guests of its own has a package `xtask` whose `main` calls [`main`], and names its packages in
//! `[workspace.metadata.fractalaw]`.
//!
//! It starts the host's programs and never links the host, so that it compiles in seconds.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up. A file uses only files above it, and files of its own group that do not use it in turn.
// `cargo xtask tidy` checks this.

// Tools that know nothing of this repository.
mod children;
mod digest;
mod fault;
mod files;
mod help;
mod in_ci;
mod numbers;
mod progress;

mod one_line;
mod tables;
mod totals;

// The languages that guests are written in.
mod language;

// The command line.
mod flags;

// What a workspace says about itself.
mod settings;

// The workspace on disk, and cargo as it is started in it.
mod cargo;
mod cargo_test;
mod guest;
mod lock;
mod programs;
mod project;

// What guests in other languages and tests need besides the workspace.
mod packages;

// From the source of a guest to its component.
mod build_guests;

// Whether what it is made of changes.
mod watch;

mod drivers;
mod servers;

// What is done with components: the harness that runs them, and how a run looks on a page.
mod cases;
mod page;

mod models;
mod revision;

// A program that only few runs need.
mod adbc;

// What tests say of the sources.
mod coverage;

// The other commands, each in a file.
mod bench;
mod completions;
mod fuel;
mod fuzz;
mod inspect;
mod ledger;
mod new;
mod profile;
mod report;
mod rerun;
mod run;
mod serve;
mod test;
mod tidy;

// Which of them are for this repository alone.
mod ours;

// The command that runs what CI checks.
mod ci;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser};

use crate::fault::Fault;
use crate::flags::{Command, Flags};
use crate::help::shown;
use crate::project::Project;

/// Does what the command line says in the workspace around the current folder, and returns the exit code.
pub fn main() -> ExitCode {
    let ended = match Flags::try_parse() {
        Ok(flags) => match flags.command {
            Some(command) => dispatch(&command),
            // Without a command, the help is shown.
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

fn dispatch(command: &Command) -> Result<ExitCode> {
    let project = Project::find()?;
    ours::check(&project, command)?;
    match command {
        Command::BuildGuests(flags) => build_guests::run(&project, flags)?,
        Command::Run(flags) => return run::run(&project, flags),
        Command::Inspect(flags) => return inspect::run(&project, flags),
        Command::Ledger(flags) => return ledger::run(&project, flags),
        Command::Serve(flags) => return serve::run(&project, flags),
        Command::Test(flags) if flags.watch => return rerun::run(&project, flags),
        Command::Test(flags) => return test::run(&project, flags),
        Command::Report(flags) => report::run(&project, flags)?,
        Command::Bench(flags) => return bench::run(&project, flags),
        Command::Profile(flags) => return profile::run(&project, flags),
        Command::Fuel(flags) => return fuel::run(&project, flags),
        Command::Fuzz(flags) => return fuzz::run(&project, flags),
        Command::New(flags) => return new::run(&project, flags),
        Command::Ci => return ci::run(&project),
        Command::Drivers => drivers::run(&project)?,
        Command::Servers => servers::run(&project)?,
        Command::Models(flags::Models::Get) => models::get(&project)?,
        Command::Tidy => tidy::run(&project)?,
        Command::Completions(flags) => completions::run(flags)?,
    }
    Ok(ExitCode::SUCCESS)
}
