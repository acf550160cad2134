//! `cargo xtask bench`: runs the benchmarks of the host, of `xtask` and of the harness, in the release profile.

mod repeated;

mod figures;

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use fractalaw_measure::program::Measured;
use fractalaw_measure::table::Table;

use crate::build_guests;
use crate::cargo::{ADBC, BENCHES, cargo, shell, step};
use crate::children;
use crate::fault::{FAILED, Fault, list};
use crate::flags;
use crate::project::Project;
use repeated::Repeated;

/// The programs, in the order of their figures. Each is beside what it measures: `host/benches/`,
/// `host/data/benches/`, `xtask/benches/` and `tests/benches/`.
const PROGRAMS: [&str; 4] = [
    "fractalaw-benches",
    "fractalaw-data-benches",
    "fractalaw-build-benches",
    "fractalaw-test-benches",
];

/// What `cargo xtask drivers` makes, below the folder for build output.
const DRIVERS: &str = "tools/adbc";

/// Runs the command.
pub(crate) fn run(project: &Project, flags: &flags::Bench) -> Result<ExitCode> {
    let records = project.target.join("bench");
    let before = flags.against.as_ref();
    let before = before
        .map(|name| figures::load(&records, name))
        .transpose()?;
    build_guests::ensure(project, &[])?;
    let shell = shell(project)?;
    let build = cargo(&shell, "build")
        .args(BENCHES)
        .args(["-p", "fractalaw-cli", "--release"]);
    step("release build", "correct what the compiler names", build)?;
    // The program between host and driver is heavy, and of use only if there is a driver.
    if project.target.join(DRIVERS).is_dir() {
        let build = cargo(&shell, "build").args(ADBC).arg("--release");
        step(
            "release build of the program for ADBC drivers",
            "correct what the compiler names",
            build,
        )?;
    }
    let (mut runs, mut failed) = (Repeated::default(), Vec::new());
    for _ in 0..flags.runs {
        let load = repeated::load();
        let mut table = Table::default();
        for program in PROGRAMS {
            let measured = measure(project, flags, &records, program)?;
            table.rows.extend(measured.table.rows);
            failed.extend(measured.failed);
        }
        runs.add(load, table);
    }
    failed.sort();
    failed.dedup();
    println!("{}", figures::text(&runs, before.as_ref()));
    if let Some(name) = &flags.save {
        figures::store(&records, name, &runs.medians())?;
    }
    match failed.is_empty() {
        true => Ok(ExitCode::SUCCESS),
        false => Err(Fault::new(FAILED, format!("failed: {}", list(failed))).into()),
    }
}

fn measure(
    project: &Project,
    flags: &flags::Bench,
    records: &Path,
    program: &str,
) -> Result<Measured> {
    let release = project.target.join("release");
    let mut command = Command::new(release.join(program));
    command
        .current_dir(&project.root)
        .args(&flags.filter)
        .arg("--guests")
        .arg(project.outputs())
        .arg("--records")
        .arg(records)
        .arg("--xtask")
        .arg(env::current_exe().context("cannot find our own binary")?)
        .arg("--fractalaw")
        .arg(release.join("fractalaw"))
        .stdout(Stdio::piped());
    if let Some(wasmtime) = wasmtime() {
        command.arg("--wasmtime").arg(wasmtime);
    }
    let mut running =
        children::spawn(&mut command).with_context(|| format!("cannot start `{program}`"))?;
    let printed = running.child.stdout.take().map(io::read_to_string);
    let status = running
        .wait()
        .with_context(|| format!("cannot wait for `{program}`"))?;
    if !status.success() {
        return Err(Fault::new(FAILED, format!("`{program}` ended with {status}")).into());
    }
    let printed = printed.transpose().context("cannot read the figures")?;
    serde_json::from_str(&printed.unwrap_or_default())
        .with_context(|| format!("`{program}` printed no figures"))
}

/// Wasmtime's own command line, if the one on the search path has the host's version.
fn wasmtime() -> Option<PathBuf> {
    let output = Command::new("wasmtime").arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    version
        .starts_with("wasmtime 48.")
        .then(|| Path::new("wasmtime").to_owned())
}
