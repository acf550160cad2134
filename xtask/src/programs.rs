//! Builds and starts the programs of this workspace that commands need.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::cargo::{HOST, cargo, host as packages, shell};
use crate::children;
use crate::fault::{FAILED, Fault, USAGE};
use crate::one_line;
use crate::project::Project;

/// Builds the program that runs micro-apps, and returns its path.
pub(crate) fn host(project: &Project) -> Result<PathBuf> {
    let program = project.settings.as_ref().map(|own| &*own.program);
    built(
        project,
        &project.root,
        &packages(project),
        program.unwrap_or("fractalaw"),
        "the host",
        "this compiles Wasmtime and takes some minutes, once",
    )
}

/// Checks that the workspace has a supervisor that offers what its host does.
pub(crate) fn has_supervisor(project: &Project) -> Result<()> {
    let Some(own) = project.settings.as_ref().filter(|own| own.serve.is_none()) else {
        return Ok(());
    };
    let program = &own.program;
    let what = format!("this workspace has no supervisor that offers what `{program}` does");
    let hint = format!(
        "make a package with a binary `{program}-serve` whose `main` is `fractalaw_serve::main(offers)`, and name it: `serve = \
         \"PACKAGE\"` in `[workspace.metadata.fractalaw]`"
    );
    Err(Fault::new(USAGE, what).hint(hint).into())
}

/// Builds that supervisor, and returns its path.
pub(crate) fn supervisor(project: &Project) -> Result<PathBuf> {
    let what = "the supervisor";
    let first_time = "this compiles its server and takes a minute, once";
    let Some(own) = &project.settings else {
        return program(project, &HOST, "fractalaw-serve", what, first_time);
    };
    let (packages, name) = (own.packages_to_serve(), format!("{}-serve", own.program));
    built(project, &project.root, &packages, &name, what, first_time)
}

/// Builds a program of ours and returns its path. In a workspace that is not ours, it is built from the sources that these
/// commands are from, with the versions that are locked there.
pub(crate) fn program(
    project: &Project,
    packages: &[&str],
    name: &str,
    what: &str,
    first_time: &str,
) -> Result<PathBuf> {
    let sources = sources(project)?;
    built(project, &sources, packages, name, what, first_time)
}

/// The folder of the workspace that has our programs.
pub(crate) fn sources(project: &Project) -> Result<PathBuf> {
    if project.is_ours() {
        return Ok(project.root.clone());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let folder = folder.filter(|folder| folder.join("host/ledger/auditor").is_dir());
    let missing = || {
        Fault::new(
            FAILED,
            "the sources of Fractalaw's programs are not beside these commands",
        )
        .hint("depend on `fractalaw-xtask` by `path` or by `git`, and not through a registry")
    };
    Ok(folder.ok_or_else(missing)?.to_owned())
}

/// Builds a program of the workspace in `root`. Prints a line before the first build, which takes long.
fn built(
    project: &Project,
    root: &Path,
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
    shell.change_dir(root);
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
