//! `cargo xtask ledger`: builds the auditor's program and starts it.

use std::env;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::fault::{FAILED, Fault};
use crate::flags;
use crate::project::Project;
use crate::run::start;
use crate::workspace_cargo::{LEDGER, cargo, shell};

/// The command. The exit code is that of `fractalaw-ledger`.
pub(crate) fn run(project: &Project, flags: &flags::Ledger) -> Result<ExitCode> {
    let program = project
        .target
        .join("debug")
        .join(format!("fractalaw-ledger{}", env::consts::EXE_SUFFIX));
    let shell = shell(project)?;
    let mut build = cargo(&shell, "build")
        .args(LEDGER)
        .args(["--bin", "fractalaw-ledger"]);
    if program.exists() {
        build = build.arg("--quiet");
    } else {
        eprintln!("first build of the auditor's program: this compiles Arrow and Parquet, once");
    }
    build.quiet().run().map_err(|_| {
        Fault::new(FAILED, "the auditor's program does not build")
            .hint("the compiler's messages stand above")
    })?;
    start(Command::new(program).args(&flags.arguments))
}
