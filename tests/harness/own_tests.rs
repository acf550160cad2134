//! Tests of the harness itself. They are in one binary with the cases, because the harness has no other.

mod found;
mod seeds;
mod stored;
mod texts;
mod whole_runs;
mod written_snapshots;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

/// All of them. Some start the harness on these guests.
pub(crate) fn trials(guests: Option<PathBuf>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, test) in found::TESTS
        .iter()
        .chain(&seeds::TESTS)
        .chain(&stored::TESTS)
        .chain(&texts::TESTS)
    {
        trials.push(trial(name, test));
    }
    for (name, test) in whole_runs::TESTS
        .into_iter()
        .chain(written_snapshots::TESTS)
    {
        let guests = guests.clone();
        trials.push(trial(name, move || test(guests.as_deref())));
    }
    trials
}

fn trial(name: &str, test: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(format!("harness/{name}"), move || {
        test().map_err(|error| Failed::from(format!("{error:#}")))
    })
}

/// A test that needs no guests.
type Test = (&'static str, fn() -> Result<()>);

/// A workspace with these files, each with its text.
fn workspace(files: &[(&str, &str)]) -> Result<TempDir> {
    let workspace = tempfile::tempdir()?;
    for (file, text) in files {
        let path = workspace.path().join(file);
        fs::create_dir_all(path.parent().context("a file stands in a folder")?)?;
        fs::write(path, text)?;
    }
    Ok(workspace)
}
