//! What a run may do, and what a guest asks for.

use std::collections::BTreeSet;

use crate::limits::{RUN_BYTES, RUN_EVENTS, RUN_TASKS};
use crate::refusal::{Code, EventError};

/// What was granted of a kind of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    /// All names.
    All,
    /// These names.
    Names(BTreeSet<String>),
}

impl Default for Granted {
    fn default() -> Granted {
        Granted::Names(BTreeSet::new())
    }
}

impl Granted {
    /// These names.
    pub fn names(names: &[&str]) -> Granted {
        Granted::Names(names.iter().map(|&name| name.to_owned()).collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Granted::All => true,
            Granted::Names(names) => names.contains(name),
        }
    }
}

/// What a run may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The types of events that it may emit.
    pub emits: Granted,
    /// The apps that it may schedule.
    pub schedules: Granted,
    /// Its quotas.
    pub quotas: Quotas,
}

/// How much a run may stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Events: the key is `events`.
    pub events: u64,
    /// Bytes of the payloads of events and tasks: `event-bytes`.
    pub bytes: u64,
    /// Tasks: `tasks`.
    pub tasks: u64,
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas {
            events: RUN_EVENTS,
            bytes: RUN_BYTES,
            tasks: RUN_TASKS,
        }
    }
}

/// A task as a guest asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// A name for people.
    pub name: String,
    /// The expression, to run repeatedly.
    pub cron: Option<String>,
    /// The time in seconds after 1970, to run once.
    pub run_at: Option<u64>,
    /// The app to run.
    pub target: String,
    /// Its input.
    pub payload: Vec<u8>,
}

/// Fails if a run wants more than it may have.
pub(crate) fn quota(name: &str, wanted: u64, most: u64) -> Result<(), EventError> {
    match wanted <= most {
        true => Ok(()),
        false => Err(EventError::new(
            Code::Quota,
            format!("the run may have {most} `{name}`"),
        )),
    }
}
