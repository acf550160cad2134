//! `fractalaw-serve`: the supervisor, and the commands that ask it. `fractalaw serve`, `emit`, `events` and so on start it.

#![forbid(unsafe_code)]

// From the ground up.
mod flags;
mod printing;

mod asking;
mod serving;

use std::process::ExitCode;

use clap::Parser;
use flags::{Command, Flags};

fn main() -> ExitCode {
    let Flags { command } = Flags::parse();
    let done = match command {
        Command::Serve(flags) => serving::run(flags).map(|()| ExitCode::SUCCESS),
        asked => asking::run(asked),
    };
    done.unwrap_or_else(|error| printing::fail(&error))
}
