//! The data for the commands that show costs: each case's report, profile and reviewed fuel as JSON.
//!
//! `cargo xtask fuel`, `profile` and `report` ask for it. They do not link Wasmtime and know nothing of cases.
//! Nothing is compared here.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use fractalaw_host::Coverage;
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::case::Case;
use crate::lab::Lab;
use crate::rendering;
use crate::reviewed::{self, Reviewed};

/// Where to write, and how much.
pub(crate) struct Records {
    /// The folder of all records, with a file for each case.
    pub(crate) folder: PathBuf,
    pub(crate) profiles: bool,
    pub(crate) coverage: bool,
    /// The folder of the snapshots.
    pub(crate) snapshots: PathBuf,
}

impl Records {
    /// Runs a case once and writes what is known of it.
    pub(crate) fn write(&self, case: &Case, lab: &Lab) -> Result<()> {
        let observed = lab.run_once(case)?;
        let mut seen = serde_json::to_value(&observed.report)?;
        // No two runs take the same time, but a record must be the same each time.
        if let Some(fields) = seen.as_object_mut() {
            fields.remove("durations_us");
        }
        let reviewed = Reviewed::read(&self.snapshots, case)?;
        let now = rendering::behaviour(&observed);
        let behaviour = match &reviewed.behaviour {
            Some(reviewed) => moved(reviewed, now.text())?,
            None => None,
        };
        let (profile, no_profile) = match self.profiles.then(|| lab.profile(case)).transpose()? {
            Some(Ok(profile)) => (Some(profile), None),
            Some(Err(error)) => (None, Some(error.to_string())),
            None => (None, None),
        };
        let (coverage, no_coverage) = match self.coverage {
            true => self.coverage(case, lab)?,
            false => (None, None),
        };
        let mut record = json!({
            "case": case.name.to_string(),
            "subject": case.name.subject,
            "about": case.about(),
            "is_fixture": case.is_fixture(),
            "report": seen,
            "reviewed": reviewed.cost.map(|cost| json!({
                "cost_model": cost.map(|cost| cost.model),
                "fuel": cost.map(|cost| cost.fuel),
                "behaviour": behaviour,
            })),
            "profile": profile,
            "no_profile": no_profile,
        });
        if self.coverage {
            record["coverage"] = serde_json::to_value(coverage)?;
            record["no_coverage"] = no_coverage.into();
        }
        let path = case.name.record(&self.folder);
        let folder = path.parent().context("a record stands in a folder")?;
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, format!("{record:#}\n")))
            .with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// The instructions that the case ran, or why they are not known.
    fn coverage(&self, case: &Case, lab: &Lab) -> Result<(Option<Coverage>, Option<String>)> {
        let behaviour = Reviewed::read(&self.snapshots, case)?.behaviour;
        let outcome = behaviour.as_deref().map(reviewed::outcome).transpose()?;
        // The components are built in another way, and use more fuel.
        if outcome == Some("out-of-fuel") {
            return Ok((None, Some("it ends where its fuel does".to_owned())));
        }
        if outcome == Some("refused") {
            return Ok((None, Some("it is refused before it starts".to_owned())));
        }
        Ok(match lab.coverage(case)? {
            Ok(coverage) => (Some(coverage), None),
            Err(error) => (None, Some(error.to_string())),
        })
    }
}

/// The lines of a behaviour that are gone and the new ones, and the reviewed outcome; `None` if the behaviour is
/// unchanged.
fn moved(reviewed: &str, now: &str) -> Result<Option<Value>> {
    if reviewed == now {
        return Ok(None);
    }
    let difference = TextDiff::from_lines(reviewed, now);
    let lines = |tag| -> String {
        let changes = difference.iter_all_changes();
        changes
            .filter(|change| change.tag() == tag)
            .map(|change| change.value())
            .collect()
    };
    Ok(Some(json!({
        "outcome": reviewed::outcome(reviewed).context("a behaviour that was reviewed")?,
        "before": lines(ChangeTag::Delete),
        "now": lines(ChangeTag::Insert),
    })))
}
