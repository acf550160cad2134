//! `fractalaw`: runs micro-apps from the command line. The work is the library's.

#![forbid(unsafe_code)]

mod flags;
mod profile;
mod run;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let flags::Fractalaw { command } = flags::Fractalaw::parse();
    match command {
        flags::Command::Run(flags) => run::run(flags),
        flags::Command::Profile(flags) => profile::run(flags),
    }
}
