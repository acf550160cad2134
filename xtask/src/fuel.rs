//! `cargo xtask fuel`: what every case costs, beside what was reviewed or beside another revision.

mod gate;
mod table;

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::build_guests;
use crate::cases::Cases;
use crate::fault::ONLY_FUEL;
use crate::flags;
use crate::profile::difference::{self, Change};
use crate::project::Project;
use crate::records::{self, Record, Wanted};
use crate::revision;
use crate::test::Asked;
use gate::{Gate, Verdict};

/// The command. It ends with [`ONLY_FUEL`] when a cost is outside of what `tests/fuel.toml` allows.
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
        name,
    };
    let now = records::read(&records::write(project, &wanted("now", &outputs))?)?;
    let rows = match &flags.against {
        Some(revision) => {
            let guests = revision::guests(project, revision, &[])?;
            let before = records::read(&records::write(project, &wanted("against", &guests))?)?;
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

/// What failed and what to do about it, for each cause. What is accepted is called by its name: behaviour that moved
/// somewhere else is not to go along.
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

/// A case and its cost.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) outcome: Option<String>,
    /// What it costs now; nothing where that differs from run to run, or for a case that is gone.
    pub(crate) fuel: Option<u64>,
    /// What it cost before.
    pub(crate) before: Option<u64>,
    pub(crate) budget: Option<u64>,
    pub(crate) verdict: Verdict,
    /// What stands beside the verdict: `new`, `deleted` and the like.
    pub(crate) note: Option<String>,
    /// The functions that moved, what moved most first.
    pub(crate) functions: Vec<Change>,
}

fn row(gate: &Gate, record: &Record, before: Option<u64>) -> Row {
    let fuel = record.fuel();
    let verdict = match (before, fuel) {
        (Some(before), Some(after)) => gate.judge(&record.case, before, after),
        (None, None) => Verdict::Fine,
        // It has a figure now and had none, or the other way round.
        _ => Verdict::Fail,
    };
    Row {
        case: record.case.clone(),
        outcome: Some(record.report.outcome.kind.clone()),
        fuel,
        before,
        budget: Some(record.report.fuel.budget),
        verdict,
        note: None,
        functions: Vec::new(),
    }
}

fn reviewed(gate: &Gate, now: &[Record]) -> Vec<Row> {
    let against_snapshot = |record: &Record| {
        let Some(reviewed) = &record.reviewed else {
            let mut row = row(gate, record, None);
            row.verdict = Verdict::Fail;
            row.note = Some("new: never reviewed".to_owned());
            return row;
        };
        let mut row = row(gate, record, reviewed.fuel);
        if let Some(model) = reviewed
            .cost_model
            .filter(|model| *model != record.report.fuel.cost_model)
        {
            row.before = None;
            row.verdict = Verdict::Fail;
            row.note = Some(format!("reviewed under cost model {model}"));
        }
        row
    };
    now.iter().map(against_snapshot).collect()
}

/// Snapshots whose case is gone.
fn deleted(project: &Project, now: &[Record]) -> Result<Vec<Row>> {
    let folder = project.root.join("tests/snapshots");
    let mut rows = Vec::new();
    for subject in fs::read_dir(&folder).context("cannot list `tests/snapshots`")? {
        let subject = subject?.path();
        if !subject.is_dir() {
            continue;
        }
        for file in fs::read_dir(&subject)? {
            let name = file?.file_name().to_string_lossy().into_owned();
            let Some(stem) = name.strip_suffix(".fuel.snap") else {
                continue;
            };
            let subject = subject.file_name().unwrap_or_default().to_string_lossy();
            let case = format!("{subject}/{stem}");
            if now.iter().all(|record| record.case != case) {
                rows.push(Row {
                    case,
                    outcome: None,
                    fuel: None,
                    before: None,
                    budget: None,
                    verdict: Verdict::Fail,
                    note: Some("deleted: its snapshot is still there".to_owned()),
                    functions: Vec::new(),
                });
            }
        }
    }
    Ok(rows)
}

/// The same cases with the components of another revision. What differs is shown and does not fail: the
/// committed snapshots are the only baseline.
fn compared(gate: &Gate, now: &[Record], before: &[Record]) -> Vec<Row> {
    let before: BTreeMap<&str, &Record> = before
        .iter()
        .map(|record| (&*record.case, record))
        .collect();
    let against_revision = |record: &Record| {
        let earlier = before.get(&*record.case);
        let mut row = row(gate, record, earlier.and_then(|record| record.fuel()));
        if let Some(earlier) = earlier
            && let (Some(before), Some(after)) = (&earlier.profile, &record.profile)
            && row.before != row.fuel
        {
            row.functions = difference::functions(before, after);
        }
        row.verdict = row.verdict.min(Verdict::Warn);
        row
    };
    now.iter().map(against_revision).collect()
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
