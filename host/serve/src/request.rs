//! What commands ask a supervisor, and what it answers: one line of JSON each, over its socket.

use fractalaw_events_engine::{Inside, Standing, TaskStanding, Trigger};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::desk::Taken;
use crate::error::ServeError;
use crate::journal::told;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Take an event.
    Emit {
        /// Its type.
        event_type: String,
        /// Its payload.
        #[serde(with = "base64_text")]
        payload: Vec<u8>,
        /// Whether to answer when all its deliveries have ended.
        wait: bool,
    },
    /// List deliveries.
    Deliveries {
        /// Only those that are dead or held.
        dead: bool,
        /// Those after this one.
        after: u64,
    },
    /// Show a delivery.
    Show {
        /// Its number.
        delivery: u64,
    },
    /// Try a delivery again.
    Retry {
        /// Its number. `None` for all that are dead or held.
        delivery: Option<u64>,
    },
    /// Remove a delivery.
    Drop {
        /// Its number. `None` for all that are dead or held.
        delivery: Option<u64>,
    },
    /// List tasks.
    Tasks {
        /// Those after this one.
        after: u64,
    },
    /// Add a task.
    Schedule {
        /// The app to run.
        app: String,
        /// A name for people.
        name: String,
        /// The expression, to run repeatedly.
        cron: Option<String>,
        /// The time in seconds after 1970, to run once.
        run_at: Option<u64>,
        /// The input.
        #[serde(with = "base64_text")]
        payload: Vec<u8>,
    },
    /// Cancel a task.
    Cancel {
        /// Its number.
        task: u64,
    },
    /// List the apps.
    Apps,
    /// Take the version in an app's file.
    Reload {
        /// The app. `None` for all.
        app: Option<String>,
    },
    /// Put the version before back.
    RollBack {
        /// The app.
        app: String,
    },
    /// Keep the version that runs, or no longer.
    Pin {
        /// The app.
        app: String,
        /// Whether to keep it.
        pinned: bool,
    },
    /// Everything on one page.
    Status,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// What was asked for.
    Done(Value),
    /// Why not.
    Failed {
        /// What went wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
        /// Whether the request was wrong, and not the machine.
        is_usage: bool,
    },
}

/// An event that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emitted {
    /// Its number.
    pub event: u64,
    /// How many apps get it. In a set nobody knows that here, and this is 1: what goes out.
    pub deliveries: u64,
    /// Whether it goes to the set that this node is part of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_set: bool,
    /// How many have completed. Known only after waiting.
    pub completed: Option<u64>,
}

impl From<Taken> for Emitted {
    fn from(taken: Taken) -> Emitted {
        Emitted {
            event: taken.event.0,
            deliveries: taken.deliveries,
            to_set: taken.to_set,
            completed: None,
        }
    }
}

/// A delivery in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRow {
    /// Its number.
    pub delivery: u64,
    /// The app.
    pub app: String,
    /// Its state.
    pub state: String,
    /// The event, if it is one of an event.
    pub event: Option<u64>,
    /// The task, if it is a tick.
    pub task: Option<u64>,
    /// The time of the tick, in seconds after 1970.
    pub scheduled_for: Option<i64>,
    /// How many earlier ticks it also stands for.
    pub missed: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again, in milliseconds after 1970.
    pub due_unix_ms: Option<i64>,
    /// The number of the run in the ledger, if it is running.
    pub run: Option<u64>,
    /// How its last run ended.
    pub outcome: Option<String>,
}

/// A delivery with what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsideRow {
    /// The delivery.
    #[serde(flatten)]
    pub row: DeliveryRow,
    /// The type of the event, or the name of the task.
    pub name: String,
    /// Who emitted the event. `None` for a task.
    pub source: Option<String>,
    /// The payload, if it is text.
    pub text: Option<String>,
    /// The payload in base64.
    #[serde(with = "base64_text")]
    pub payload: Vec<u8>,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRow {
    /// Its number.
    pub task: u64,
    /// Who scheduled it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// The app that it runs.
    pub app: String,
    /// The expression, if it runs repeatedly.
    pub cron: Option<String>,
    /// The time of its next tick, in seconds after 1970.
    pub next: Option<i64>,
    /// Ticks that were skipped because the one before had not ended.
    pub skipped: u64,
}

impl Answer {
    pub(crate) fn of<T: Serialize>(done: Result<T, ServeError>) -> Answer {
        let failed = match done.map(serde_json::to_value) {
            Ok(Ok(value)) => return Answer::Done(value),
            Ok(Err(error)) => ServeError::asked(error.to_string()),
            Err(error) => error,
        };
        let (message, hint) = told(&failed);
        Answer::Failed {
            message,
            hint: hint.or_else(|| failed.hint()),
            is_usage: failed.is_usage(),
        }
    }
}

impl From<Standing> for DeliveryRow {
    fn from(standing: Standing) -> DeliveryRow {
        let (task, time) = standing.tick.unzip();
        DeliveryRow {
            delivery: standing.id.0,
            app: standing.app,
            state: standing.state.name().to_owned(),
            event: standing.event.map(|event| event.0),
            task: task.map(|task| task.0),
            scheduled_for: time.map(|time| time.unix_s()),
            missed: standing.missed,
            attempts: standing.attempts,
            due_unix_ms: standing.due.map(|due| due.unix_ms()),
            run: standing.run.map(|run| run.0),
            outcome: standing.outcome,
        }
    }
}

impl From<Inside> for InsideRow {
    fn from(inside: Inside) -> InsideRow {
        let (name, source) = match inside.delivery.trigger {
            Trigger::Event {
                event_type, source, ..
            } => (event_type, Some(source)),
            Trigger::Cron { name, .. } | Trigger::At { name, .. } => (name, None),
        };
        let payload = inside.delivery.payload;
        InsideRow {
            row: inside.standing.into(),
            name,
            source,
            text: String::from_utf8(payload.clone()).ok(),
            payload,
        }
    }
}

impl From<TaskStanding> for TaskRow {
    fn from(task: TaskStanding) -> TaskRow {
        TaskRow {
            task: task.id.0,
            owner: task.owner,
            name: task.name,
            app: task.target,
            cron: task.cron,
            next: task.next.map(|next| next.unix_s()),
            skipped: task.skipped,
        }
    }
}

/// Bytes as base64.
mod base64_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map_err(de::Error::custom)
    }
}
