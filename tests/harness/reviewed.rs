//! Reads the figures in committed snapshots: the kind of outcome, the cost, and what each function used. Their
//! other lines are only compared as text.
//!
//! For the current run no text is read, because its report has the values.

use std::path::Path;

use anyhow::{Context, Result};
use fractalaw_report::{FunctionsUsed, Used};

use crate::case::Case;
use crate::rendering::{COST_MODEL_LINE, FUEL_LINE, NO_PROFILE, NOT_REPEATABLE, OUTCOME_LINE};
use crate::snapshot::Stored;

/// A reviewed cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// The version of the cost model of its figures.
    pub(crate) model: u32,
    /// The sum of its figures.
    pub(crate) fuel: u64,
}

/// A line of a snapshot that the harness does not write, for example one that was edited or merged.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is `{found}`, expected {expected}")]
pub(crate) struct Unreadable {
    /// Counted from 1, without the header.
    line: usize,
    found: String,
    expected: &'static str,
}

impl Unreadable {
    fn at(line: usize, text: &str, expected: &'static str) -> Unreadable {
        Unreadable {
            line: line + 1,
            found: text.lines().nth(line).unwrap_or_default().to_owned(),
            expected,
        }
    }
}

/// What was reviewed of a case.
pub(crate) struct Reviewed {
    /// The text of its behaviour, if there is a snapshot of it.
    pub(crate) behaviour: Option<String>,
    /// Its cost, if there is a snapshot of it. The cost of a run that does not repeat has no figures.
    pub(crate) cost: Option<Option<Cost>>,
}

impl Reviewed {
    /// Reads the snapshots of a case in this folder.
    ///
    /// # Errors
    ///
    /// If the snapshot of the cost cannot be read.
    pub(crate) fn read(folder: &Path, case: &Case) -> Result<Reviewed> {
        let [behaviour, path, _] = case.name.snapshots(folder);
        let cost = match Stored::read(&path).text().map(cost).transpose() {
            Ok(cost) => cost,
            Err(error) => Err(error).with_context(|| format!("`{}` is no cost", path.display()))?,
        };
        Ok(Reviewed {
            behaviour: Stored::read(&behaviour).text().map(str::to_owned),
            cost,
        })
    }
}

/// The kind of outcome in a behaviour.
pub(crate) fn outcome(behaviour: &str) -> Result<&str, Unreadable> {
    let first = behaviour.lines().next().unwrap_or_default();
    let kind = first.strip_prefix(OUTCOME_LINE);
    kind.ok_or_else(|| Unreadable::at(0, behaviour, "`outcome: ` and its kind"))
}

/// A cost; `None` if the run does not repeat.
pub(crate) fn cost(text: &str) -> Result<Option<Cost>, Unreadable> {
    if text.starts_with(NOT_REPEATABLE) {
        return Ok(None);
    }
    let line = |line: usize, start| text.lines().nth(line)?.strip_prefix(start);
    let model = line(0, COST_MODEL_LINE).and_then(|model| model.parse().ok());
    let model = model.ok_or_else(|| Unreadable::at(0, text, "`cost model: ` and its version"))?;
    let fuel = line(1, FUEL_LINE).and_then(|fuel| {
        let figure = fuel.strip_prefix("at least ").unwrap_or(fuel);
        figure.parse().ok()
    });
    let fuel = fuel.ok_or_else(|| Unreadable::at(1, text, "`fuel: ` and a number"))?;
    Ok(Some(Cost { model, fuel }))
}

/// What each function used; empty if there is no profile.
pub(crate) fn functions(text: &str) -> Result<FunctionsUsed, Unreadable> {
    if text.starts_with(NO_PROFILE) || text == "end\n" {
        return Ok(FunctionsUsed::default());
    }
    let function = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let fuel = words.next()?.parse().ok()?;
        let calls = words.next()?.parse().ok()?;
        Some((words.next()?.to_owned(), Used { calls, fuel }))
    };
    let lines = text.lines().enumerate();
    lines
        .map(|(line, of)| {
            function(of).ok_or_else(|| {
                Unreadable::at(line, text, "a function's own fuel, its calls and its name")
            })
        })
        .collect()
}
