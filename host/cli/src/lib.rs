//! The program `fractalaw`, which runs micro-apps from the command line, as a library. `fractalaw-host` does the work.
//!
//! A program that offers capabilities of its own is one line: `fractalaw_cli::main(offers)`.

// Not `forbid`: the constructor below expands to code that needs an exception.
#![deny(unsafe_code)]
#![warn(missing_docs)]

// From the ground up:
mod limits;
mod same_name;
mod usage;

mod printing;
mod trigger;

mod exit;
mod locked;
mod logging;
mod signals;

mod flags;

mod policy;
mod record;

mod request;

// The commands:
mod beside;
mod completions;
mod data;
mod inspect;
mod models;
mod profile;

mod run;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use fractalaw_host::capability::Offers;
use fractalaw_host::{raise_open_files, standard_output, survive_file_limit};

ctor::declarative::ctor! {
    /// Runs before `main`, because Rust's runtime replaces a closed standard output.
    #[ctor(unsafe)]
    fn look_at_standard_output() {
        standard_output::look();
    }
}

/// Does what the command line says, and returns the exit code. Hosts offer data, models and events, and what `offers` adds.
pub fn main(offers: Offers) -> ExitCode {
    policy::add(offers);
    let flags::Fractalaw { command } = match flags::Fractalaw::try_parse() {
        Ok(flags) => flags,
        Err(mistake) if mistake.use_stderr() => mistake.exit(),
        Err(page) => return show(&page),
    };
    let ready = standard_output::check()
        .context("nothing is run, because nobody would get what it prints")
        .and_then(|()| survive_file_limit().context("could not handle signals"));
    if let Err(error) = ready {
        return exit::fail(&error);
    }
    raise_open_files();
    match command {
        flags::Command::Run(flags) => run::run(*flags),
        flags::Command::Profile(flags) => profile::run(*flags),
        flags::Command::Inspect(flags) => inspect::run(&flags),
        flags::Command::Ledger { arguments } => beside::run(&beside::LEDGER, arguments),
        flags::Command::Data(flags) => data::run(&flags),
        flags::Command::Models(flags) => models::run(&flags),
        flags::Command::Serve(given) => serve("serve", given),
        flags::Command::Emit(given) => serve("emit", given),
        flags::Command::Events(given) => serve("events", given),
        flags::Command::Schedule(given) => serve("schedule", given),
        flags::Command::Apps(given) => serve("apps", given),
        flags::Command::Status(given) => serve("status", given),
        flags::Command::Push(given) => registry("push", given),
        flags::Command::Pull(given) => registry("pull", given),
        flags::Command::Sign(given) => registry("sign", given),
        flags::Command::Keys(given) => registry("keys", given),
        flags::Command::Completions { shell } => completions::run(shell),
    }
}

/// A command of the supervisor's program.
fn serve(command: &str, given: flags::Given) -> ExitCode {
    beside::run(
        &beside::supervisor(),
        beside::command(command, given.arguments),
    )
}

/// A command of the program that signs components and moves them.
fn registry(command: &str, given: flags::Given) -> ExitCode {
    beside::run(&beside::REGISTRY, beside::command(command, given.arguments))
}

/// Prints what `--help` or `--version` asks for.
fn show(page: &clap::Error) -> ExitCode {
    let shown = standard_output::check()
        .map_err(Into::into)
        .and_then(|()| printing::printed(page.print()));
    exit::printed(shown)
}
