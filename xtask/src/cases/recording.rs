//! Has the harness record cases: the report, profile and reviewed fuel of each.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::asked::Asked;
use super::harness::harness;
use crate::cargo::{shell, shown};
use crate::children;
use crate::fault::{FAILED, Fault};
use crate::progress::Progress;
use crate::project::Project;

/// Which cases to run, with which components.
pub(crate) struct Wanted<'a> {
    /// The folder of built guests.
    pub(crate) guests: &'a Path,
    pub(crate) cases: Asked,
    pub(crate) profiles: bool,
    /// With the instructions that each case ran.
    pub(crate) coverage: bool,
    /// The name of the folder in `target/records/` that keeps the records.
    pub(crate) name: &'a str,
}

/// Runs the cases, and returns the folder with their records.
pub(crate) fn record(project: &Project, wanted: &Wanted<'_>) -> Result<PathBuf> {
    let folder = project.target.join("records").join(wanted.name);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot empty `{}`", folder.display()));
        }
        _ => {}
    }
    // To the harness, no name means every case.
    if let Asked::Cases(names) = &wanted.cases
        && names.is_empty()
    {
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
        return Ok(folder);
    }
    let shell = shell(project)?;
    let progress = Progress::new();
    let mut command = harness(project, &shell, wanted.guests, &wanted.cases)
        .arg("--record")
        .arg(&folder);
    if wanted.profiles {
        command = command.arg("--profiles");
    }
    if wanted.coverage {
        command = command.arg("--coverage");
    }
    if !progress.is_shown() {
        command = command.env("CARGO_TERM_QUIET", "true");
    }
    let shown = shown(&command);
    let mut running = children::spawn(Command::from(command).stdout(Stdio::piped()))
        .with_context(|| format!("cannot start `{shown}`"))?;
    let output = running.child.stdout.take();
    let output = BufReader::new(output.with_context(|| format!("`{shown}` has no output"))?);
    let mut said = Vec::new();
    let mut done = 0;
    let mut all = String::new();
    for line in output.split(b'\n') {
        let line = line.with_context(|| format!("cannot read from `{shown}`"))?;
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some(name) = line
            .strip_prefix("test ")
            .filter(|line| line.contains(" ... "))
        {
            done += 1;
            let name = name.split(' ').next().unwrap_or_default();
            progress.say(&format!("{done} of {all} cases run, last {name}"));
        } else if let Some(count) = line.strip_prefix("running ") {
            all = count.split(' ').next().unwrap_or_default().to_owned();
        }
        said.push(line);
    }
    let status = running.wait();
    drop(progress);
    if !status
        .with_context(|| format!("cannot wait for `{shown}`"))?
        .success()
    {
        // The output was held back until now, and is only shown if a case failed.
        eprintln!("{}", said.join("\n"));
        return Err(
            Fault::new(FAILED, "not every case could be run and recorded")
                .hint("the harness's messages stand above; `cargo xtask test` runs the same cases")
                .into(),
        );
    }
    Ok(folder)
}
