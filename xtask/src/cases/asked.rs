//! Which tests a command line means.

use anyhow::Result;

use crate::project::Project;

/// The guest that runs beside every case: `tests/harness/lab.rs`.
pub(crate) const NEIGHBOUR: &str = "slot-scribbler";

/// Which tests a command line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Everything,
    /// These cases, or those of these guests and groups.
    Cases(Vec<String>),
    /// Every test with this in its name.
    Text(String),
}

impl Asked {
    /// The guests whose components are needed for it.
    pub(crate) fn guests(&self, project: &Project) -> Result<Vec<String>> {
        let mut guests = project.guests()?;
        if let Asked::Cases(names) = self {
            guests
                .retain(|guest| guest == NEIGHBOUR || names.iter().any(|name| is_of(name, guest)));
        }
        Ok(guests)
    }
}

/// Whether a name means a guest or one of its cases.
fn is_of(name: &str, guest: &str) -> bool {
    let rest = name.strip_prefix(guest);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
