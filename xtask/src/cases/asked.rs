//! The tests that a command line means.

use std::path::Path;

use anyhow::Result;

use super::names::Cases;
use crate::project::Project;

/// The guest that runs beside every case: see `tests/harness/scribbler.rs`.
pub(crate) const NEIGHBOUR: &str = "slot-scribbler";

/// The same if the workspace has it. The harness has one for all others.
pub(crate) fn neighbour(project: &Project) -> Option<&'static str> {
    let manifest = project.rust_folder(NEIGHBOUR).join("Cargo.toml");
    manifest.is_file().then_some(NEIGHBOUR)
}

/// The group of scenarios, which have several guests, and stories as snapshots: see `tests/harness/scenario.rs`.
pub(crate) const SCENARIOS: &str = "scenarios";

/// Whether it is the name of a scenario, or of all.
pub(crate) fn is_scenario(project: &Project, name: &str) -> bool {
    let folder = project.root.join("tests").join(SCENARIOS);
    match name
        .strip_prefix(SCENARIOS)
        .map(|rest| rest.strip_prefix('/'))
    {
        Some(Some(stem)) => folder.join(format!("{stem}.toml")).is_file(),
        Some(None) => name == SCENARIOS && folder.is_dir(),
        None => false,
    }
}

/// The tests that a command line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Everything,
    /// These cases, or all cases of these guests and groups.
    Cases(Vec<String>),
    /// Every test whose name contains this.
    Text(String),
}

impl Asked {
    /// The guests whose components these tests need.
    pub(crate) fn guests(&self, project: &Project) -> Result<Vec<String>> {
        let mut guests = project.guests()?;
        let plays = |names: &[String]| names.iter().any(|name| is_of(name, SCENARIOS));
        if let Asked::Cases(names) = self
            // A scenario may have any guest.
            && !plays(names)
        {
            guests
                .retain(|guest| guest == NEIGHBOUR || names.iter().any(|name| is_of(name, guest)));
        }
        Ok(guests)
    }

    /// The tests that can run with a folder of components from other sources. Cases of guests that have no
    /// component there are left out.
    pub(crate) fn with_components(&self, project: &Project, folder: &Path) -> Result<Asked> {
        let mut missing = project.guests()?;
        missing.retain(|guest| !folder.join(format!("{guest}.wasm")).is_file());
        if missing.is_empty() {
            return Ok(self.clone());
        }
        let is_missing = |case: &str| missing.iter().any(|guest| is_of(case, guest));
        Ok(self.only(project, |case| !is_missing(case)))
    }

    /// The cases of these guests among the tests.
    pub(crate) fn of_guests(&self, project: &Project, guests: &[String]) -> Asked {
        self.only(project, |case| {
            guests.iter().any(|guest| is_of(case, guest))
        })
    }

    fn only(&self, project: &Project, is_kept: impl Fn(&str) -> bool) -> Asked {
        let cases = Cases::find(project);
        let is_meant = |case: &&str| match self {
            Asked::Everything => true,
            Asked::Cases(names) => names.iter().any(|name| is_of(case, name)),
            Asked::Text(text) => case.contains(text),
        };
        let kept = cases.names().filter(is_meant).filter(|case| is_kept(case));
        Asked::Cases(kept.map(str::to_owned).collect())
    }
}

/// Whether a name means a guest or one of its cases.
fn is_of(name: &str, guest: &str) -> bool {
    let rest = name.strip_prefix(guest);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
