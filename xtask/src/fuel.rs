//! `cargo xtask fuel`: the cost of every case, beside its snapshot or another revision.

// From the ground up, as in `main.rs`.
mod gate;
mod rows;
mod table;

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::build_guests;
use crate::cases::asked::Asked;
use crate::cases::names::Cases;
use crate::cases::recording::{Wanted, record};
use crate::cases::records;
use crate::fault::ONLY_FUEL;
use crate::flags;
use crate::project::Project;
use crate::revision;
use gate::{Gate, Verdict};
use rows::{Row, compared, deleted, reviewed};

/// Runs the command. The exit code is [`ONLY_FUEL`] if a cost moved further than `tests/fuel.toml` allows.
pub(crate) fn run(project: &Project, flags: &flags::Fuel) -> Result<ExitCode> {
    let cases = Cases::find(project);
    let gate = Gate::read(&project.root, &cases)?;
    let asked = match &flags.filter {
        Some(filter) => Asked::Cases(cases.containing(filter)?),
        None => Asked::Everything,
    };
    build_guests::attempt(project, &asked.guests(project)?)?.check()?;
    let outputs = project.outputs();
    let wanted = |name, guests| Wanted {
        guests,
        cases: asked.clone(),
        profiles: flags.against.is_some(),
        coverage: false,
        name,
    };
    let now = records::read(&record(project, &wanted("now", &outputs))?)?;
    let rows = match &flags.against {
        Some(revision) => {
            let guests = revision::guests(project, revision, &[])?;
            // A case of a guest that did not exist yet is new.
            let mut wanted = wanted("against", &guests);
            wanted.cases = asked.with_components(project, &guests)?;
            let before = records::read(&record(project, &wanted)?)?;
            compared(&gate, &now, &before)
        }
        None => {
            let mut rows = reviewed(&gate, &now);
            if flags.filter.is_none() {
                rows.extend(deleted(project, &now)?);
            }
            rows
        }
    };
    let verdict = rows.iter().map(|row| row.verdict).max().unwrap_or_default();
    let against = flags
        .against
        .as_deref()
        .unwrap_or("the committed snapshots");
    if flags.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else if flags.markdown {
        let text = table::markdown(&rows, against);
        print!("{text}");
        summarise(&text)?;
    } else {
        print!("{}", table::text(&rows, against));
    }
    if verdict == Verdict::Fail {
        for (error, hint) in failures(&rows) {
            eprintln!("error: {error}\nhint: {hint}");
        }
        return Ok(ExitCode::from(ONLY_FUEL));
    }
    Ok(ExitCode::SUCCESS)
}

/// What failed and what to do about it, for each cause. Cases are accepted by name, so that a change of behaviour
/// elsewhere is not accepted with them.
fn failures(rows: &[Row]) -> Vec<(String, String)> {
    let failed = |is_deleted: bool| -> Vec<&str> {
        let failed = rows.iter().filter(|row| row.verdict == Verdict::Fail);
        let failed = failed.filter(|row| row.outcome.is_none() == is_deleted);
        failed.map(|row| &*row.case).collect()
    };
    let (moved, deleted) = (failed(false), failed(true));
    let mut failures = Vec::new();
    if !deleted.is_empty() {
        let files: Vec<_> = deleted
            .iter()
            .map(|case| format!("tests/snapshots/{case}.*.snap"))
            .collect();
        failures.push((
            "some snapshots have no case".to_owned(),
            format!("delete them: `rm {}`", files.join(" ")),
        ));
    }
    if !moved.is_empty() {
        failures.push((
            "the cost of some cases moved by more than `tests/fuel.toml` allows, or was never reviewed".to_owned(),
            format!(
                "find out why; when it is meant, accept it with `cargo xtask test {} --accept`",
                moved.join(" ")
            ),
        ));
    }
    failures
}

/// Adds the table to the page that CI shows for a run, if it offers one.
fn summarise(markdown: &str) -> Result<()> {
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY") else {
        return Ok(());
    };
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(markdown.as_bytes()))
        .with_context(|| format!("cannot write the summary to `{}`", path.display()))
}
