//! `cargo xtask run`: builds what is stale, then lets the host's binary run it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::build_guests;
use crate::children;
use crate::fault::{FAILED, Fault, USAGE};
use crate::flags;
use crate::project::Project;
use crate::workspace_cargo::{HOST, cargo, shell};

/// The command. The exit code is that of `fractalaw run`.
pub(crate) fn run(project: &Project, flags: &flags::Run) -> Result<ExitCode> {
    if flags.what.starts_with('-') {
        return Err(misplaced(project, flags)?.into());
    }
    let component = component(project, &flags.what)?;
    let host = host(project)?;
    start(
        Command::new(&host)
            .arg("run")
            .arg(&component)
            .args(options(project, &flags.options)),
    )
}

/// The options of the run; `--ledger` without a file means the workspace's own, made if there is none.
fn options(project: &Project, given: &[String]) -> Vec<OsString> {
    let mut options = Vec::new();
    let mut given = given.iter().peekable();
    while let Some(option) = given.next() {
        options.push(OsString::from(option));
        let alone = given.peek().is_none_or(|next| next.starts_with('-'));
        if option == "--ledger" && alone {
            options.push(project.ledger().into());
            options.push("--create-ledger".into());
        }
    }
    options
}

/// Starts a program in the current directory, because the paths among its options are relative to it, and in our
/// place, so that signals and the end are its own: whoever waits for us waits for it, and whoever ends us ends it.
#[cfg(unix)]
pub(crate) fn start(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let program = Path::new(command.get_program()).to_owned();
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start `{}`", program.display()))
}

/// As above, as far as it goes where a program cannot take the place of another: ends as it does.
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

/// An option stands before the guest: which of its words belong to it, only the host's binary knows.
fn misplaced(project: &Project, flags: &flags::Run) -> Result<Fault> {
    let guests = project.guests()?;
    let mut words = vec![&flags.what];
    words.extend(&flags.options);
    let what = words
        .iter()
        .position(|word| guests.contains(word))
        .or_else(|| words.iter().position(|word| word.ends_with(".wasm")))
        .map_or("GUEST", |at| words.remove(at));
    let options: Vec<_> = words.into_iter().map(String::as_str).collect();
    Ok(Fault::new(
        USAGE,
        format!(
            "`{}` stands before the guest, expected options after it",
            flags.what
        ),
    )
    .hint(format!("`cargo xtask run {what} {}`", options.join(" "))))
}

/// The component to run: that of a guest, built if it is stale, or the one at a path.
pub(crate) fn component(project: &Project, what: &str) -> Result<PathBuf> {
    let is_path = what.contains(['/', std::path::MAIN_SEPARATOR]) || what.ends_with(".wasm");
    if is_path {
        return Ok(Path::new(what).to_owned());
    }
    build_guests::ensure(project, &[what.to_owned()])?;
    Ok(project.component(what))
}

/// Builds the host's binary and returns its path.
pub(crate) fn host(project: &Project) -> Result<PathBuf> {
    program(
        project,
        &HOST,
        "fractalaw",
        "the host",
        "this compiles Wasmtime and takes some minutes, once",
    )
}

/// Builds a binary and returns its path. It is said what is built when that takes its time, which is the
/// first time.
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
    let mut build = cargo(&shell, "build").args(packages).args(["--bin", name]);
    if binary.exists() {
        build = build.arg("--quiet");
    } else {
        eprintln!("first build of {what}: {first_time}");
    }
    let built = children::spawn(&mut Command::from(build)).and_then(|mut cargo| cargo.wait());
    match built.context("cannot start cargo")?.success() {
        true => Ok(binary),
        false => Err(Fault::new(FAILED, format!("{what} does not build"))
            .hint("the compiler's messages stand above")
            .into()),
    }
}
