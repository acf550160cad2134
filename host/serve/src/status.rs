//! What a supervisor says of itself.

use fractalaw_events_engine::{Engine, State};
use serde::{Deserialize, Serialize};

use crate::apps::Shown;
use crate::clock::Clock;
use crate::error::ServeError;
use crate::journal::Totals;

/// A supervisor, or its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The process. `None` if nothing runs.
    pub process: Option<u32>,
    /// Whether it was told to stop.
    pub stopping: bool,
    /// The time by its clock, in milliseconds after 1970.
    pub now_unix_ms: i64,
    /// Deliveries in all states.
    pub deliveries: u64,
    /// The bytes of payloads in the file.
    pub payload_bytes: u64,
    /// How the node stands, if it is part of a set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<SetStatus>,
    /// The apps.
    pub apps: Vec<AppStatus>,
}

/// A node of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetStatus {
    /// Whether `fractalaw-nats` has said, since the start, what this node still owns. Before that, nothing runs.
    pub connected: bool,
    /// Events and ticks that wait to be sent.
    pub outgoing: u64,
}

impl SetStatus {
    /// What people read.
    pub fn text(&self) -> String {
        let SetStatus {
            connected,
            outgoing,
        } = self;
        match connected {
            true => format!("node of a set, to be sent: {outgoing}"),
            false => format!(
                "node of a set, nothing runs before `fractalaw-nats` has connected it, to be sent: {outgoing}"
            ),
        }
    }
}

/// An app with what waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppStatus {
    /// The app.
    #[serde(flatten)]
    pub app: Shown,
    /// Deliveries that can be claimed.
    pub ready: u64,
    /// Deliveries that wait for their next attempt.
    pub waiting: u64,
    /// Deliveries whose run goes on.
    pub running: u64,
    /// Deliveries that wait for another version or policy.
    pub held: u64,
    /// Deliveries that are not tried again by themselves.
    pub dead: u64,
    /// Runs and fuel since the start.
    pub totals: Totals,
}

impl Status {
    /// It reads all deliveries.
    pub(crate) fn of(
        process: Option<u32>,
        stopping: bool,
        clock: &dyn Clock,
        engine: &Engine,
        apps: Vec<Shown>,
        mut totals: impl FnMut(&str) -> Totals,
    ) -> Result<Status, ServeError> {
        let counts = engine.counts()?;
        let apps = apps.into_iter().map(|shown| {
            let count = |state: State| {
                let found = counts
                    .iter()
                    .find(|(app, of, _)| *app == shown.name && *of == state);
                found.map_or(0, |(_, _, count)| *count)
            };
            AppStatus {
                ready: count(State::Ready),
                waiting: count(State::Waiting),
                running: count(State::Running),
                held: count(State::Held),
                dead: count(State::Dead),
                totals: totals(&shown.name),
                app: shown,
            }
        });
        let backlog = engine.backlog();
        let set = engine.in_set()?.map(|set| SetStatus {
            connected: set.is_vouched,
            outgoing: set.outgoing,
        });
        Ok(Status {
            process,
            stopping,
            now_unix_ms: clock.now().unix_ms(),
            deliveries: backlog.deliveries,
            payload_bytes: backlog.bytes,
            set,
            apps: apps.collect(),
        })
    }
}
