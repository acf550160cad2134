//! `cargo xtask ledger`: builds the auditor's program and starts it.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::flags;
use crate::project::Project;
use crate::run::{program, start};
use crate::workspace_cargo::LEDGER;

/// The command. The exit code is that of `fractalaw-ledger`.
pub(crate) fn run(project: &Project, flags: &flags::Ledger) -> Result<ExitCode> {
    let program = program(
        project,
        &LEDGER,
        "fractalaw-ledger",
        "the auditor's program",
        "this compiles Arrow and Parquet, once",
    )?;
    start(Command::new(program).args(&flags.arguments))
}
