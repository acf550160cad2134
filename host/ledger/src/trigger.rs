//! What started a run, if a supervisor did.

use serde::{Deserialize, Serialize};

use crate::entry::Hash;

/// Why a supervisor started a run, and which delivery the run serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// The name by which the supervisor knows the micro-app. It may run one component under two names.
    pub app: String,
    /// What the run and all its other attempts are for. Nothing else has this key, so effects outside of the host can be
    /// told apart by it.
    pub delivery: String,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// The ledger that numbered the event or task, if another node of a set did. Otherwise it is this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// Why.
    #[serde(flatten)]
    pub cause: Cause,
}

/// Why a supervisor started a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Cause {
    /// An event to which the micro-app is subscribed.
    Event {
        /// The number of the event, which contains the number of the entry that it comes from.
        event: u64,
        /// Its type.
        #[serde(rename = "type")]
        event_type: String,
        /// The micro-app that emitted it, or what accepted it from outside.
        source: String,
        /// The digest of its payload.
        sha256: Hash,
    },
    /// A tick of a task that runs repeatedly.
    Cron {
        /// The number of the task.
        task: u64,
        /// Its name.
        name: String,
        /// The time of the tick, in seconds since 1970.
        scheduled_for: i64,
        /// How many earlier ticks this run also stands for, because nobody was there to start them.
        missed: u64,
    },
    /// The time of a task that runs once.
    At {
        /// The number of the task.
        task: u64,
        /// Its name.
        name: String,
        /// The time, in seconds since 1970.
        scheduled_for: i64,
    },
    /// A person asked the supervisor for it.
    Manual,
}

impl Cause {
    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Cause::Event { .. } => "event",
            Cause::Cron { .. } => "cron",
            Cause::At { .. } => "at",
            Cause::Manual => "manual",
        }
    }
}
