//! `fractalaw-registry` signs components, and pushes them to and pulls them from OCI registries and layout folders.
//!
//! It is a program of its own, so that a host links no client of HTTP and no TLS. `fractalaw push`, `pull`, `sign` and
//! `keys` start it.

#![forbid(unsafe_code)]

// From the ground up.
mod fault;
mod limits;

mod component;
mod reference;

// The parts of an artifact.
mod config;
mod manifest;

mod turn;

// Where artifacts are.
mod store;

mod layout;
mod remote;

// What is done with them.
mod artifact;

mod flags;

mod commands;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use fractalaw_manifest::standard_output;

use crate::fault::{Fault, Kind};
use crate::flags::Flags;

fn main() -> ExitCode {
    let flags = Flags::parse();
    let ready = standard_output::check().map_err(|error| {
        Fault::new(Kind::Failed, error.to_string())
            .hint("nothing was done, because nobody would get what is printed")
    });
    match ready.and_then(|()| commands::run(flags)) {
        Ok(text) => print(&text),
        Err(fault) => {
            // It is no failure if nobody reads standard error.
            let _ = write!(std::io::stderr(), "{fault}");
            fault.exit_code()
        }
    }
}

/// Prints the result. A reader that closed the pipe has seen what it wanted.
fn print(text: &str) -> ExitCode {
    let mut output = std::io::stdout();
    match output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let fault = Fault::new(
                Kind::Failed,
                format!("could not write to standard output: {error}"),
            );
            let _ = write!(std::io::stderr(), "{fault}");
            fault.exit_code()
        }
        _ => ExitCode::SUCCESS,
    }
}
