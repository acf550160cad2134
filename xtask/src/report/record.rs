//! Records of cases, as the harness writes them: read from a folder, and their sums checked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::written::Written;
use crate::fault::{FAILED, Fault, USAGE};

/// The report's version that is understood.
const REPORT_VERSION: u64 = 2;

/// A case, what it did, and what it was reviewed to cost.
#[derive(Debug, Deserialize)]
pub(super) struct Record {
    pub(super) case: Written,
    pub(super) subject: Written,
    pub(super) about: Option<Written>,
    pub(super) is_fixture: bool,
    pub(super) report: Report,
    pub(super) reviewed: Option<Reviewed>,
    pub(super) profile: Option<Profile>,
    pub(super) no_profile: Option<Written>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reviewed {
    pub(super) cost_model: Option<u64>,
    pub(super) fuel: Option<u64>,
    /// Nothing where the run does what was reviewed.
    pub(super) behaviour: Option<Behaviour>,
}

/// A behaviour that is not what was reviewed.
#[derive(Debug, Deserialize)]
pub(super) struct Behaviour {
    /// The kind of outcome that was reviewed.
    pub(super) outcome: Option<Written>,
    /// The lines that are gone, and those that came.
    pub(super) before: Written,
    pub(super) now: Written,
}

/// The report of a run as JSON.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    version: u64,
    pub(super) app: Option<App>,
    pub(super) outcome: Outcome,
    pub(super) backtrace: Vec<Written>,
    pub(super) audit: Vec<Entry>,
    pub(super) fuel: Fuel,
    pub(super) host_calls: Vec<HostCalls>,
    pub(super) trace: Option<Trace>,
    pub(super) memory: Memory,
    pub(super) stdout: Output,
    pub(super) stderr: Output,
    pub(super) limits: Limits,
}

#[derive(Debug, Deserialize)]
pub(super) struct App {
    pub(super) version: Option<Written>,
    pub(super) sha256: Written,
}

/// How a run ended. Which fields there are depends on the kind.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Outcome {
    pub(super) kind: Written,
    pub(super) ok: Option<Written>,
    pub(super) err: Option<Written>,
    pub(super) message: Option<Written>,
    pub(super) hint: Option<Written>,
    pub(super) trap: Option<Written>,
    pub(super) of: Option<Written>,
    pub(super) requested: Option<u64>,
    pub(super) quota: Option<Written>,
    pub(super) limit: Option<u64>,
}

/// An audit entry.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Entry {
    pub(super) sequence: u64,
    pub(super) fuel: u64,
    pub(super) event_type: Written,
    pub(super) resource: Written,
    pub(super) detail: Written,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fuel {
    pub(super) budget: u64,
    pub(super) consumed: u64,
    pub(super) instantiation: u64,
    pub(super) guest: u64,
    pub(super) host_calls: u64,
    pub(super) certainty: Written,
    pub(super) cost_model: u64,
}

/// All calls of one of the host's functions.
#[derive(Debug, Deserialize)]
pub(super) struct HostCalls {
    pub(super) interface: Written,
    pub(super) function: Written,
    pub(super) calls: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) fuel: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Trace {
    pub(super) calls: Vec<HostCall>,
    pub(super) dropped: u64,
}

/// One call, at its place on the fuel axis.
#[derive(Debug, Deserialize)]
pub(super) struct HostCall {
    pub(super) sequence: u64,
    pub(super) interface: Written,
    pub(super) function: Written,
    pub(super) at: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) fuel: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Memory {
    pub(super) peak_bytes: u64,
    pub(super) cap_bytes: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Output {
    pub(super) text: Written,
    pub(super) lossy: bool,
    pub(super) bytes: u64,
    pub(super) dropped_bytes: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Limits {
    pub(super) tier: Written,
    pub(super) deadline_us: u64,
}

/// Fuel by function and by call path.
#[derive(Debug, Deserialize)]
pub(super) struct Profile {
    pub(super) functions: Vec<Function>,
    pub(super) nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Function {
    pub(super) name: Written,
    pub(super) module: Option<u64>,
    pub(super) calls: u64,
    pub(super) own_fuel: u64,
    pub(super) total_fuel: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Node {
    pub(super) parent: Option<usize>,
    pub(super) function: usize,
    pub(super) calls: u64,
    pub(super) own_fuel: u64,
}

/// All records of a folder, sorted by case: a file for each, in a folder for each subject. Messages call
/// the folder as it is best shown.
pub(super) fn read_all(folder: &Path, shown: &Path) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    if folder.is_dir() {
        for subject in listed(folder)? {
            if subject.is_dir() {
                for file in listed(&subject)? {
                    if file
                        .extension()
                        .is_some_and(|extension| extension == "json")
                    {
                        records.push(read(&file)?);
                    }
                }
            }
        }
    }
    if records.is_empty() {
        return Err(Fault::new(
            USAGE,
            format!(
                "`{}` holds no records, expected files such as `hello-world/default.json`",
                shown.display()
            ),
        )
        .hint("`cargo xtask report` leaves those of its cases in `target/records/report`")
        .into());
    }
    records.sort_by(|a, b| (&a.subject, &a.case).cmp(&(&b.subject, &b.case)));
    Ok(records)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("cannot list `{}`", folder.display());
    fs::read_dir(folder)
        .with_context(context)?
        .map(|entry| Ok(entry.with_context(context)?.path()))
        .collect()
}

fn read(path: &Path) -> Result<Record> {
    let text = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let bad = |what: String| {
        Fault::new(FAILED, format!("`{}`: {what}", path.display()))
            .hint("make the records again with this version: `cargo xtask report`")
    };
    let record: Record =
        serde_json::from_slice(&text).map_err(|error| bad(format!("not a record: {error}")))?;
    if record.report.version != REPORT_VERSION {
        return Err(bad(format!(
            "a report of version {}, expected {REPORT_VERSION}",
            record.report.version
        ))
        .into());
    }
    check(&record).map_err(bad)?;
    Ok(record)
}

/// That the parts make the whole, so that no table on the page can contradict another.
fn check(record: &Record) -> Result<(), String> {
    let fuel = &record.report.fuel;
    let sum = |what: &str, parts: u128, whole: u64| {
        if parts == u128::from(whole) {
            Ok(())
        } else {
            Err(format!("{what} sum to {parts}, expected {whole}"))
        }
    };
    let parts = [fuel.instantiation, fuel.guest, fuel.host_calls];
    sum("the parts of the fuel", total(parts), fuel.consumed)?;
    let calls = record.report.host_calls.iter().map(|calls| calls.fuel);
    sum("the host calls' fuel", total(calls), fuel.host_calls)?;
    if let Some(profile) = &record.profile {
        let nodes = profile.nodes.iter().map(|node| node.own_fuel);
        sum("the profile's nodes", total(nodes), fuel.consumed)?;
        let functions = profile.functions.iter().map(|function| function.own_fuel);
        sum("the profile's functions", total(functions), fuel.consumed)?;
        for (index, node) in profile.nodes.iter().enumerate() {
            if node.parent.is_some_and(|parent| parent >= index) {
                return Err(format!(
                    "node {index} of the profile stands before its parent"
                ));
            }
            if node.function >= profile.functions.len() {
                return Err(format!("node {index} of the profile has no function"));
            }
        }
    }
    Ok(())
}

fn total(parts: impl IntoIterator<Item = u64>) -> u128 {
    parts.into_iter().map(u128::from).sum()
}
