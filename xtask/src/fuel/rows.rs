//! A row for each case: its cost, its cost before, and the verdict about the difference.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use fractalaw_report::{FunctionMoved, FunctionsUsed, Profile};
use serde::Serialize;

use super::gate::{Gate, Verdict};
use crate::cases::records::Record;
use crate::project::Project;

/// A case and its cost.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) outcome: Option<String>,
    /// The cost now; `None` if it differs from run to run, or if the case was deleted.
    pub(crate) fuel: Option<u64>,
    /// The cost before.
    pub(crate) before: Option<u64>,
    pub(crate) budget: Option<u64>,
    pub(crate) verdict: Verdict,
    /// A note beside the verdict: `new`, `deleted` and the like.
    pub(crate) note: Option<String>,
    /// The functions that moved, the largest change first.
    pub(crate) functions: Vec<FunctionMoved>,
}

fn row(gate: &Gate, record: &Record, before: Option<u64>) -> Row {
    let fuel = record.report.fuel.repeatable();
    let verdict = match (before, fuel) {
        (Some(before), Some(after)) => gate.judge(&record.case, before, after),
        (None, None) => Verdict::Fine,
        // It has a figure now and had none before, or the other way round.
        _ => Verdict::Fail,
    };
    Row {
        case: record.case.clone(),
        outcome: Some(record.report.outcome.kind().to_owned()),
        fuel,
        before,
        budget: Some(record.report.fuel.budget),
        verdict,
        note: None,
        functions: Vec::new(),
    }
}

/// Compares with the snapshots.
pub(super) fn reviewed(gate: &Gate, now: &[Record]) -> Vec<Row> {
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

/// Snapshots of cases that were deleted.
pub(super) fn deleted(project: &Project, now: &[Record]) -> Result<Vec<Row>> {
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

/// Compares the same cases with the components of another revision. Differences are shown and do not fail,
/// because the committed snapshots are the only baseline.
pub(super) fn compared(gate: &Gate, now: &[Record], before: &[Record]) -> Vec<Row> {
    let before: BTreeMap<&str, &Record> = before
        .iter()
        .map(|record| (&*record.case, record))
        .collect();
    let against_revision = |record: &Record| {
        let earlier = before.get(&*record.case);
        let mut row = row(
            gate,
            record,
            earlier.and_then(|record| record.report.fuel.repeatable()),
        );
        if let Some(earlier) = earlier
            && let (Some(before), Some(after)) = (&earlier.profile, &record.profile)
            && row.before != row.fuel
        {
            let used = |profile: &Profile| FunctionsUsed::of(&profile.functions);
            row.functions = used(before).moved(&used(after));
        }
        row.note = earlier.is_none().then(|| "new".to_owned());
        row.verdict = row.verdict.min(Verdict::Warn);
        row
    };
    now.iter().map(against_revision).collect()
}
