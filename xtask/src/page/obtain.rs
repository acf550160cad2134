//! Records of the cases as they are now: the harness runs them once and writes what it saw.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::progress::Progress;
use crate::build_guests;
use crate::fault::{FAILED, Fault};
use crate::project::Project;
use crate::test::{NEVER, cases};
use crate::workspace_cargo::{shell, shown};

/// Builds what is stale, and fills a folder that is emptied first.
pub(super) fn obtain(project: &Project, filter: Option<&str>, folder: &Path) -> Result<()> {
    build_guests::ensure(project, &[])?;
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot empty `{}`", folder.display()));
        }
        _ => {}
    }
    let shell = shell(project)?;
    let progress = Progress::new();
    let mut command = cases(project, &shell, NEVER, filter, &[])
        .env("FRACTALAW_RECORD", folder)
        .env("FRACTALAW_RECORD_PROFILES", "1");
    if !progress.is_shown() {
        command = command.env("CARGO_TERM_QUIET", "true");
    }
    let shown = shown(&command);
    let mut child = Command::from(command)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let output = child.stdout.take();
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
    let status = child.wait();
    drop(progress);
    if !status
        .with_context(|| format!("cannot wait for `{shown}`"))?
        .success()
    {
        // Quiet until here: only now does it matter which case it was.
        eprintln!("{}", said.join("\n"));
        return Err(
            Fault::new(FAILED, "not every case could be run and recorded")
                .hint("the harness's messages stand above; `cargo xtask test` runs the same cases")
                .into(),
        );
    }
    Ok(())
}
