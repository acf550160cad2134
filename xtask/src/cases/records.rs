//! The records of cases, as the harness writes them: read from a folder, and their sums checked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fractalaw_report::{Coverage, Profile, Report};
use serde::Deserialize;

use crate::fault::{FAILED, Fault};

/// A case, what it did, and its reviewed cost.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Record {
    /// `subject/case`.
    pub(crate) case: String,
    pub(crate) subject: String,
    pub(crate) about: Option<String>,
    pub(crate) is_fixture: bool,
    pub(crate) report: Report,
    pub(crate) reviewed: Option<Reviewed>,
    pub(crate) profile: Option<Profile>,
    /// Why there is no profile.
    pub(crate) no_profile: Option<String>,
    /// The instructions that ran, if they were asked for.
    pub(crate) coverage: Option<Coverage>,
    /// Why they are not known.
    pub(crate) no_coverage: Option<String>,
}

/// What the committed snapshot says.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reviewed {
    pub(crate) cost_model: Option<u32>,
    pub(crate) fuel: Option<u64>,
    /// `None` if the behaviour is as it was reviewed.
    pub(crate) behaviour: Option<Behaviour>,
}

/// A behaviour that is not as it was reviewed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Behaviour {
    /// The kind of outcome that was reviewed.
    pub(crate) outcome: Option<String>,
    /// The lines that are gone, and the lines that are new.
    pub(crate) before: String,
    pub(crate) now: String,
}

impl Record {
    /// Checks that the parts sum to the whole, so that no table can contradict another.
    fn check(&self) -> Result<(), String> {
        let fuel = &self.report.fuel;
        let calls = self.report.host_calls.iter().map(|calls| calls.fuel);
        sum("the host calls' fuel", calls, fuel.host_calls)?;
        if let Some(profile) = &self.profile {
            let nodes = profile.nodes.iter().map(|node| node.own_fuel);
            sum("the profile's nodes", nodes, fuel.consumed())?;
            let functions = profile.functions.iter().map(|function| function.own_fuel);
            sum("the profile's functions", functions, fuel.consumed())?;
        }
        Ok(())
    }
}

fn sum(what: &str, parts: impl Iterator<Item = u64>, whole: u64) -> Result<(), String> {
    let parts: u128 = parts.map(u128::from).sum();
    match parts == u128::from(whole) {
        true => Ok(()),
        false => Err(format!("{what} sum to {parts}, expected {whole}")),
    }
}

/// All records in a folder, in the order of the names of the cases: a file for each, in a folder for each
/// subject.
pub(crate) fn read(folder: &Path) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    if folder.is_dir() {
        for subject in listed(folder)?.iter().filter(|path| path.is_dir()) {
            let files = listed(subject)?;
            let is_record = |path: &&PathBuf| path.extension().is_some_and(|end| end == "json");
            for file in files.iter().filter(is_record) {
                records.push(read_one(file)?);
            }
        }
    }
    records.sort_by(|a: &Record, b: &Record| a.case.cmp(&b.case));
    Ok(records)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("cannot list `{}`", folder.display());
    fs::read_dir(folder)
        .with_context(context)?
        .map(|entry| Ok(entry.with_context(context)?.path()))
        .collect()
}

fn read_one(path: &Path) -> Result<Record> {
    let text = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let bad = |what: String| {
        Fault::new(FAILED, format!("`{}`: {what}", path.display()))
            .hint("make the records again with this version: `cargo xtask report`")
    };
    let record: Record =
        serde_json::from_slice(&text).map_err(|error| bad(format!("not a record: {error}")))?;
    record.check().map_err(bad)?;
    Ok(record)
}
