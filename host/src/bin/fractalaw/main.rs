//! `fractalaw`: runs micro-apps from the command line. The work is the library's.

#![forbid(unsafe_code)]

mod flags;
mod inspect;
mod ledger;
mod profile;
mod run;

mod signals;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let flags::Fractalaw { command } = flags::Fractalaw::parse();
    match command {
        flags::Command::Run(flags) => run::run(*flags),
        flags::Command::Profile(flags) => profile::run(*flags),
        flags::Command::Inspect(flags) => inspect::run(&flags),
        flags::Command::Ledger { arguments } => ledger::run(&arguments),
    }
}
