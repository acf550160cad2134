//! What starts a run, as people write it: in a case of the tests, and after `fractalaw run --trigger`.

use std::path::PathBuf;

use fractalaw_events_engine::{Delivery, DeliveryId, EventId, TaskId, Time, Trigger as Why};
use fractalaw_host::Trigger;
use serde::Deserialize;

use crate::deliver::trigger;

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EventSpec {
    #[serde(rename = "type")]
    event_type: String,
    source: String,
    #[serde(default = "first_id")]
    id: u64,
    /// Its payload.
    #[serde(flatten)]
    pub payload: Payload,
    #[serde(default = "first_attempt")]
    attempt: u32,
}

/// A tick of a task.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TickSpec {
    name: String,
    #[serde(default = "first_id")]
    task: u64,
    /// How many earlier ticks it also stands for. Without it, the task runs once.
    missed: Option<u64>,
    /// Its payload.
    #[serde(flatten)]
    pub payload: Payload,
    #[serde(default = "first_attempt")]
    attempt: u32,
}

/// A payload: a text or a file, of which there is at most one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Payload {
    /// The text itself.
    #[serde(rename = "payload")]
    pub text: Option<String>,
    /// The file that has it.
    #[serde(rename = "payload-file")]
    pub file: Option<PathBuf>,
}

/// The first event or task of the first run.
fn first_id() -> u64 {
    1 << 16 | 1
}

fn first_attempt() -> u32 {
    1
}

impl EventSpec {
    /// The trigger of a run of this micro-app, with the bytes of the payload.
    pub fn trigger(&self, app: &str, payload: &[u8]) -> Trigger {
        let why = Why::Event {
            id: EventId(self.id),
            event_type: self.event_type.clone(),
            source: self.source.clone(),
        };
        delivered(app, self.attempt, why, payload)
    }
}

impl TickSpec {
    /// The trigger of a run of this micro-app, for this time.
    pub fn trigger(&self, app: &str, time: Time) -> Trigger {
        let (task, name) = (TaskId(self.task), self.name.clone());
        let why = match self.missed {
            Some(missed) => Why::Cron {
                task,
                name,
                scheduled_for: time,
                missed,
            },
            None => Why::At {
                task,
                name,
                scheduled_for: time,
            },
        };
        delivered(app, self.attempt, why, &[])
    }
}

fn delivered(app: &str, attempt: u32, why: Why, payload: &[u8]) -> Trigger {
    trigger(&Delivery {
        id: DeliveryId(1),
        app: app.to_owned(),
        attempt,
        trigger: why,
        payload: payload.to_vec(),
        place: None,
        ledger: None,
    })
}
