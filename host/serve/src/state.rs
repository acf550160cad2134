//! `apps.json`: which version of each app runs, which came before, and which are bad. It is written before a swap counts,
//! so a start runs what ran before it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;

use fractalaw_events::Subscriptions;
use serde::{Deserialize, Serialize};

use crate::error::ServeError;
use crate::folder::{Folder, failed, write_whole};
use crate::trial::Trial;

/// The version of the file.
const FORMAT: u32 = 1;

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    format: u32,
    /// By the app's name.
    pub(crate) apps: BTreeMap<String, Standing>,
}

/// The versions of one app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standing {
    /// What runs.
    pub(crate) current: Option<Known>,
    /// The digest of what ran before.
    pub(crate) previous: Option<String>,
    /// Digests that are not taken again by themselves.
    pub(crate) bad: BTreeSet<String>,
    /// Whether no other version is taken by itself.
    pub(crate) pinned: bool,
    /// The first runs of what runs, if they still decide whether it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trial: Option<Trial>,
    /// Swaps that count, and of which not everything is done yet. The oldest comes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) swaps: Vec<Swap>,
}

/// A swap that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Swap {
    /// The digest of what ran before, if it was another.
    pub(crate) from: Option<String>,
    /// The digest of what runs since.
    pub(crate) to: String,
    /// Why, as the ledger says it.
    pub(crate) why: String,
    /// How many entries the ledger had before it. The entry about it comes after them.
    pub(crate) entries: u64,
}

/// A version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    /// The component's digest.
    pub(crate) digest: String,
    /// Its own version.
    pub(crate) version: Option<String>,
    /// The events that start it.
    pub(crate) on: Subscriptions,
}

impl Default for State {
    fn default() -> State {
        State {
            format: FORMAT,
            apps: BTreeMap::new(),
        }
    }
}

impl State {
    /// Whether an app had a version when it was written. Then the file of events was there.
    pub(crate) fn has_run(&self) -> bool {
        let mut apps = self.apps.values();
        apps.any(|standing| standing.current.is_some())
    }

    /// Whether a component is still needed.
    pub(crate) fn has(&self, digest: &str) -> bool {
        self.apps.values().any(|standing| {
            let current = standing.current.as_ref();
            current.is_some_and(|current| current.digest == digest)
                || standing.previous.as_deref() == Some(digest)
        })
    }

    /// Reads the file. `None` if there is none.
    pub(crate) fn read(folder: &Folder) -> Result<Option<State>, ServeError> {
        let path = folder.apps();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed("read", &path, source)),
        };
        let wrong = |message: String| ServeError::State {
            path: path.clone(),
            message,
        };
        let state: State =
            serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        match state.format {
            FORMAT => Ok(Some(state)),
            other => Err(wrong(format!("format {other}, expected {FORMAT}"))),
        }
    }

    /// Writes the file. It is on disk when this returns.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), ServeError> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| ServeError::State {
            path: folder.apps(),
            message: error.to_string(),
        })?;
        write_whole(&folder.apps(), &text)
    }
}
