//! `cargo xtask bench`: the benchmarks in `host/benches/`, in the release profile.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::build_guests;
use crate::cargo::{BENCHES, cargo, shell, step};
use crate::children;
use crate::fault::FAILED;
use crate::flags;
use crate::project::Project;

/// The command.
pub(crate) fn run(project: &Project, flags: &flags::Bench) -> Result<ExitCode> {
    build_guests::ensure(project, &[])?;
    let shell = shell(project)?;
    let build = cargo(&shell, "build")
        .args(BENCHES)
        .args(["-p", "fractalaw-cli", "--release"]);
    step("release build", "correct what the compiler names", build)?;
    let release = project.target.join("release");
    let mut benches = Command::new(release.join("fractalaw-benches"));
    benches
        .current_dir(&project.root)
        .args(&flags.filter)
        .arg("--guests")
        .arg(project.outputs())
        .arg("--records")
        .arg(project.target.join("bench"))
        .arg("--xtask")
        .arg(env::current_exe().context("cannot find our own binary")?)
        .arg("--fractalaw")
        .arg(release.join("fractalaw"));
    for (flag, name) in [("--save", &flags.save), ("--against", &flags.against)] {
        if let Some(name) = name {
            benches.arg(flag).arg(name);
        }
    }
    if let Some(wasmtime) = wasmtime() {
        benches.arg("--wasmtime").arg(wasmtime);
    }
    let ended = children::spawn(&mut benches).and_then(|mut benches| benches.wait());
    let status = ended.context("cannot start the benchmarks")?;
    Ok(ExitCode::from(if status.success() { 0 } else { FAILED }))
}

/// Wasmtime's own command line, if the one on the search path is of the host's version.
fn wasmtime() -> Option<PathBuf> {
    let output = Command::new("wasmtime").arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    version
        .starts_with("wasmtime 48.")
        .then(|| Path::new("wasmtime").to_owned())
}
