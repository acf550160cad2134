//! What a case says that started it: an event, or a tick of a task.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use fractalaw_events::trigger;
use fractalaw_events_engine::{Delivery, DeliveryId, EventId, TaskId, Time, Trigger};
use fractalaw_host::Run;
use serde::Deserialize;

use crate::regular;

/// What stands in a case under `[event]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct EventSpec {
    #[serde(rename = "type")]
    event_type: String,
    source: String,
    #[serde(default = "first_id")]
    id: u64,
    #[serde(flatten)]
    input: Input,
}

/// What stands in a case under `[tick]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TickSpec {
    name: String,
    #[serde(default = "first_id")]
    task: u64,
    /// How many earlier ticks it also stands for. Without it, the task runs once.
    missed: Option<u64>,
    #[serde(flatten)]
    input: Input,
}

#[derive(Deserialize)]
struct Input {
    payload: Option<String>,
    #[serde(rename = "payload-file")]
    payload_file: Option<PathBuf>,
    #[serde(default = "first_attempt")]
    attempt: u32,
}

/// The first event or task of the first run.
fn first_id() -> u64 {
    1 << 16 | 1
}

fn first_attempt() -> u32 {
    1
}

impl EventSpec {
    /// Gives a run of this micro-app the event. Payloads are in this folder.
    pub(crate) fn start(&self, run: Run, app: &str, folder: &Path) -> Result<Run> {
        let why = Trigger::Event {
            id: EventId(self.id),
            event_type: self.event_type.clone(),
            source: self.source.clone(),
        };
        self.input.start(run, app, folder, why)
    }
}

impl TickSpec {
    /// Gives a run of this micro-app the tick, for this time.
    pub(crate) fn start(&self, run: Run, app: &str, folder: &Path, time: Time) -> Result<Run> {
        let (task, name) = (TaskId(self.task), self.name.clone());
        let why = match self.missed {
            Some(missed) => Trigger::Cron {
                task,
                name,
                scheduled_for: time,
                missed,
            },
            None => Trigger::At {
                task,
                name,
                scheduled_for: time,
            },
        };
        self.input.start(run, app, folder, why)
    }
}

impl Input {
    fn start(&self, run: Run, app: &str, folder: &Path, why: Trigger) -> Result<Run> {
        let payload = match (&self.payload, &self.payload_file) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(file)) => regular::read(&folder.join(file))?,
            (None, None) => Vec::new(),
            (Some(_), Some(_)) => bail!("it has both `payload` and `payload-file`"),
        };
        let delivery = Delivery {
            id: DeliveryId(1),
            app: app.to_owned(),
            attempt: self.attempt,
            trigger: why,
            payload,
            place: None,
            ledger: None,
        };
        Ok(run.trigger(trigger(&delivery)).stdin(delivery.payload))
    }
}
