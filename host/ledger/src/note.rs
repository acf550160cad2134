//! What a supervisor records between runs: entries of the host that belong to no run.

use serde::{Deserialize, Serialize};

use crate::draft::{Belongs, Draft};
use crate::entry::{Entry, Hash, Role, event};
use crate::json;
use crate::run_record::HOST;

/// An entry of a supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// An event came from outside. It gets the number of this entry, times 2^16, plus 1.
    EventAccepted(Accepted),
    /// A delivery is not tried again.
    DeliveryDead(Dead),
    /// A micro-app has another component from now on.
    AppSwapped(Swapped),
    /// Nobody was there to start ticks of a task.
    TicksMissed(Missed),
    /// A person, or the supervisor's file, adds or cancels a task. A new task gets the number of this entry, times 2^16,
    /// plus 1.
    TasksChanged(Changed),
}

/// An event from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// What accepted it.
    pub source: String,
    /// The length of its payload.
    pub bytes: u64,
    /// The digest of its payload.
    pub sha256: Hash,
}

/// A delivery that is dead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead {
    /// The micro-app.
    pub app: String,
    /// The key of the delivery, as in the openings of its runs.
    pub delivery: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The kind of its last outcome.
    pub outcome: String,
    /// Whether somebody removed it. Otherwise it is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
}

/// Another component for a micro-app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swapped {
    /// The micro-app.
    pub app: String,
    /// The digest of the component before, if there was one.
    pub from: Option<Hash>,
    /// The digest of the component from now on.
    pub to: Hash,
    /// Why, such as `file` or `rolled-back`.
    pub why: String,
}

/// Ticks that nobody was there to start. They are one run, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// The micro-app.
    pub app: String,
    /// The number of the task.
    pub task: u64,
    /// Its name.
    pub name: String,
    /// How many.
    pub missed: u64,
}

/// A task that is added or cancelled. It takes effect after this entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Who has the task: a micro-app, a person, or the supervisor's file.
    pub owner: String,
    /// The micro-app that it runs.
    pub target: String,
    /// Its name.
    pub name: String,
    /// The number of the task, if it is cancelled. Otherwise it is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<u64>,
}

impl Note {
    /// The event types of all kinds.
    pub(crate) const TYPES: [&'static str; 5] = [
        event::EVENT_ACCEPTED,
        event::DELIVERY_DEAD,
        event::APP_SWAPPED,
        event::TICKS_MISSED,
        event::TASKS_CHANGED,
    ];

    /// Whether an entry says this.
    pub fn is(&self, entry: &Entry) -> bool {
        let said = self.draft(entry.timestamp);
        (&*entry.actor_id, entry.actor_role, entry.run_id)
            == (&*said.actor_id, said.actor_role, None)
            && (&*entry.event_type, &*entry.resource, &*entry.detail)
                == (&*said.event_type, &*said.resource, &*said.detail)
    }

    pub(crate) fn draft(&self, time_unix_ns: u64) -> Draft {
        let (event_type, resource, detail) = match self {
            Note::EventAccepted(accepted) => (
                event::EVENT_ACCEPTED,
                &accepted.event_type,
                json::text(accepted),
            ),
            Note::DeliveryDead(dead) => (event::DELIVERY_DEAD, &dead.app, json::text(dead)),
            Note::AppSwapped(swapped) => (event::APP_SWAPPED, &swapped.app, json::text(swapped)),
            Note::TicksMissed(missed) => (event::TICKS_MISSED, &missed.app, json::text(missed)),
            Note::TasksChanged(changed) => {
                (event::TASKS_CHANGED, &changed.target, json::text(changed))
            }
        };
        Draft {
            belongs: Belongs::ToNone,
            timestamp: time_unix_ns,
            actor_id: HOST.to_owned(),
            actor_role: Role::Host,
            event_type: event_type.to_owned(),
            resource: resource.clone(),
            detail,
        }
    }
}
