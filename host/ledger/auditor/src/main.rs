//! `fractalaw-ledger`: makes a ledger, and reads it as an auditor does. It needs no runtime: everything that it
//! says comes from the file alone.

// Not `forbid`: the constructor below expands to code that needs an exception.
#![deny(unsafe_code)]

// From the ground up. What the commands share:
mod app;
mod fault;
mod time;

mod flags;
mod json;

// The commands:
mod checkpoint;
mod export;
mod init;
mod runs;
mod show;
mod verify;
mod verify_set;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use fractalaw_ledger::survive_file_limit;
use fractalaw_manifest::standard_output;

use crate::flags::{Command, Flags};

ctor::declarative::ctor! {
    /// Runs before `main`, because Rust's runtime replaces a closed standard output.
    #[ctor(unsafe)]
    fn look_at_standard_output() {
        standard_output::look();
    }
}

fn main() -> ExitCode {
    let ended = match Flags::try_parse() {
        Ok(flags) => run(flags.command),
        Err(mistake) if mistake.use_stderr() => mistake.exit(),
        Err(page) => show(&page),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fault::report(&error),
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    survive_file_limit()?;
    // Nothing is made or appended if its output would be lost.
    if !matches!(command, Command::Export(_)) {
        standard_output::check()?;
    }
    match command {
        Command::Init(flags) => init::run(&flags),
        Command::Verify(flags) => verify::run(&flags),
        Command::VerifySet(flags) => verify_set::run(&flags),
        Command::Show(flags) => show::run(&flags),
        Command::Runs(flags) => runs::run(&flags),
        Command::Export(flags) => export::run(&flags),
        Command::Checkpoint(flags) => checkpoint::run(&flags),
    }
}

/// Prints what `--help` or `--version` asks for.
fn show(page: &clap::Error) -> anyhow::Result<()> {
    standard_output::check()?;
    page.print()?;
    Ok(io::stdout().flush()?)
}
