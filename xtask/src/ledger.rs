//! `cargo xtask ledger`: builds the auditor's program and starts it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::cargo::LEDGER;
use crate::fault::USAGE;
use crate::flags;
use crate::help::shown;
use crate::programs::{program, start};
use crate::project::Project;

/// The program's help text. It is in a file, because building the program takes minutes. A test of the program
/// compares the two. `linked/` has it as a symbolic link, so that it is in this package.
const HELP: &str = include_str!("../linked/ledger-help.txt");

/// Runs the command. The exit code is that of `fractalaw-ledger`.
pub(crate) fn run(project: &Project, flags: &flags::Ledger) -> Result<ExitCode> {
    match flags.arguments.first().and_then(|first| first.to_str()) {
        None => {
            eprint!("{HELP}");
            return Ok(ExitCode::from(USAGE));
        }
        Some("--help" | "-h") => {
            return shown(io::stdout().write_all(HELP.as_bytes()));
        }
        _ => {}
    }
    start(Command::new(build(project)?).args(&flags.arguments))
}

/// Builds the auditor's program.
pub(crate) fn build(project: &Project) -> Result<PathBuf> {
    program(
        project,
        &LEDGER,
        "fractalaw-ledger",
        "the auditor's program",
        "this compiles Arrow and Parquet, once",
    )
}
