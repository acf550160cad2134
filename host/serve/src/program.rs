//! The program: the supervisor, and the commands that ask it. `fractalaw serve`, `emit`, `events` and so on start it.

// From the ground up.
mod flags;
mod printing;

mod asking;
mod serving;

use std::process::ExitCode;

use clap::Parser;
use flags::{Command, Flags};
use fractalaw_host::capability::Offers;

/// Does what the command line says, and returns the exit code. The supervisor's host offers data, models and events, and what
/// `offers` adds.
pub fn main(offers: Offers) -> ExitCode {
    let Flags { command } = Flags::parse();
    let done = match command {
        Command::Serve(flags) => serving::run(flags, offers).map(|()| ExitCode::SUCCESS),
        asked => asking::run(asked),
    };
    done.unwrap_or_else(|error| printing::fail(&error))
}
