//! Builds and starts the programs of this workspace that commands need.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::cargo::{HOST, cargo, shell};
use crate::children;
use crate::fault::{FAILED, Fault};
use crate::one_line;
use crate::project::Project;

/// Builds the host's program and returns its path.
pub(crate) fn host(project: &Project) -> Result<PathBuf> {
    program(
        project,
        &HOST,
        "fractalaw",
        "the host",
        "this compiles Wasmtime and takes some minutes, once",
    )
}

/// Builds a program and returns its path. Prints a line before the first build, which takes long.
pub(crate) fn program(
    project: &Project,
    packages: &[&str],
    name: &str,
    what: &str,
    first_time: &str,
) -> Result<PathBuf> {
    let binary = project
        .target
        .join("debug")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX));
    let shell = shell(project)?;
    let build = cargo(&shell, "build").args(packages).args(["--bin", name]);
    let built = if binary.exists() {
        let mut build = Command::from(build.arg("--quiet"));
        children::spawn(&mut build).and_then(|mut cargo| cargo.wait())
    } else {
        eprintln!("first build of {what}: {first_time}");
        one_line::run(&mut Command::from(build), what)
    };
    match built.context("cannot start cargo")?.success() {
        true => Ok(binary),
        false => Err(Fault::new(FAILED, format!("{what} does not build"))
            .hint("the compiler's messages stand above")
            .into()),
    }
}

/// Starts a program in the current directory, because the paths in its options are relative to it. It replaces
/// this process, so that signals and the exit code are its own.
#[cfg(unix)]
pub(crate) fn start(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let program = Path::new(command.get_program()).to_owned();
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start `{}`", program.display()))
}

/// The same, as far as possible on a system where a program cannot replace another: ends as it does.
#[cfg(not(unix))]
pub(crate) fn start(command: &mut Command) -> Result<ExitCode> {
    let program = Path::new(command.get_program()).to_owned();
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    match status.code() {
        Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(FAILED))),
        None => {
            let name = program.file_stem().unwrap_or_default().to_string_lossy();
            Err(Fault::new(FAILED, format!("`{name}` was stopped: {status}")).into())
        }
    }
}
