//! What a run did, as its closing records it: without payloads, rows and texts, because a ledger forgets nothing.

use serde::{Deserialize, Serialize};

use crate::entry::Hash;

/// What a run emitted, scheduled and cancelled, and its other effects. If the run completed, all of it took effect.
/// Otherwise it was discarded, except for effects that say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deeds {
    /// Events, in the order of the run's calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Emitted>,
    /// Tasks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Scheduled>,
    /// The numbers of tasks that were cancelled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cancelled: Vec<u64>,
    /// What was done otherwise, such as rows that were changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effects>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emitted {
    /// Its number: that of the run, times 2^16, and its place in the run.
    pub id: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The length of its payload.
    pub bytes: u64,
    /// The digest of its payload.
    pub sha256: Hash,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// Its number, as that of an event.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The micro-app that it runs.
    pub target: String,
    /// The expression, if it runs repeatedly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The time, in seconds since 1970, if it runs once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<i64>,
    /// The length of its payload.
    pub bytes: u64,
    /// The digest of its payload.
    pub sha256: Hash,
}

/// All effects of one kind on one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// The capability, such as `data`.
    pub capability: String,
    /// What was done, such as `insert`.
    pub kind: String,
    /// What it was done to, such as the name of a table.
    pub subject: String,
    /// `committed`, `discarded` or `done`.
    pub settled: String,
    /// How many there are.
    pub count: u64,
    /// The digest of their lines in the report, each with a newline at its end.
    pub sha256: Hash,
}

impl Deeds {
    /// Whether the run did nothing.
    pub fn is_empty(&self) -> bool {
        *self == Deeds::default()
    }

    /// Adds what another capability has.
    pub fn extend(&mut self, other: Deeds) {
        self.events.extend(other.events);
        self.tasks.extend(other.tasks);
        self.cancelled.extend(other.cancelled);
        self.effects.extend(other.effects);
    }
}
