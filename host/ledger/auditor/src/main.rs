//! `fractalaw-ledger`: makes a ledger, and reads it as an auditor does. It needs no runtime: what it says is
//! of the file alone.

#![forbid(unsafe_code)]

// In reading order.
mod flags;

// The commands:
mod checkpoint;
mod export;
mod init;
mod runs;
mod show;
mod verify;

// What they share:
mod app;
mod fault;
mod json;
mod time;

use std::process::ExitCode;

use clap::Parser;

use crate::flags::{Command, Flags};

fn main() -> ExitCode {
    let ended = match Flags::parse().command {
        Command::Init(flags) => init::run(&flags),
        Command::Verify(flags) => verify::run(&flags),
        Command::Show(flags) => show::run(&flags),
        Command::Runs(flags) => runs::run(&flags),
        Command::Export(flags) => export::run(&flags),
        Command::Checkpoint(flags) => checkpoint::run(&flags),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fault::report(&error),
    }
}
