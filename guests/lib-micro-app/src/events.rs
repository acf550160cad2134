//! Events and tasks. What a run emits and schedules takes effect when it completes.
//!
//! What reads the environment is compiled where it is called (`#[inline]`). Otherwise the code that reads arguments would be
//! shared with micro-apps that emit nothing, and their fuel would change.

use std::fmt;

use crate::contract::fractal::app::events_emit::{DomainEvent, emit as emit_event};
use crate::contract::fractal::app::events_schedule::{
    ScheduledTask, cancel as cancel_task, schedule as schedule_task,
};

/// Why an event or a task was not accepted. `?` turns it into the text that a micro-app returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventError {
    /// For programs; the page of the host's events lists the numbers.
    pub code: u32,
    /// For people.
    pub message: String,
}

/// When a task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When<'a> {
    /// Repeatedly, in UTC: minute, hour, day of month, month, day of week.
    Cron(&'a str),
    /// Once, in seconds since 1970.
    At(u64),
}

/// Emits an event, and returns its id.
#[inline]
pub fn emit(event_type: &str, payload: impl Into<Vec<u8>>) -> Result<u64, EventError> {
    emit_as(&own_name(), event_type, payload)
}

/// Emits an event in the name of a micro-app, which must be the caller's own.
pub fn emit_as(
    source: &str,
    event_type: &str,
    payload: impl Into<Vec<u8>>,
) -> Result<u64, EventError> {
    let event = DomainEvent {
        event_type: event_type.to_owned(),
        payload: payload.into(),
        source_app: source.to_owned(),
    };
    emit_event(&event).map_err(|error| refused(error.code, error.message))
}

/// Runs a micro-app later, with the payload as its input, and returns the id of the task.
pub fn schedule(
    name: &str,
    when: When<'_>,
    target: &str,
    payload: impl Into<Vec<u8>>,
) -> Result<u64, EventError> {
    let (cron, run_at) = match when {
        When::Cron(expression) => (Some(expression.to_owned()), None),
        When::At(time) => (None, Some(time)),
    };
    let task = ScheduledTask {
        name: name.to_owned(),
        cron,
        run_at,
        target_app: target.to_owned(),
        payload: payload.into(),
    };
    schedule_task(&task).map_err(|error| refused(error.code, error.message))
}

/// Removes a task, so that it starts no more runs.
pub fn cancel(task: u64) -> Result<(), EventError> {
    cancel_task(task).map_err(|error| refused(error.code, error.message))
}

/// What the host says of what started the run: `trigger("EVENT_TYPE")` is the variable `FRACTALAW_EVENT_TYPE`. It is
/// `None` if the run has no such variable.
#[cfg(target_family = "wasm")]
#[inline]
pub fn trigger(name: &str) -> Option<String> {
    std::env::var(format!("FRACTALAW_{name}")).ok()
}

/// What the test's host says of what started the run: see [`testing::Host::trigger`](crate::testing::Host::trigger).
#[cfg(not(target_family = "wasm"))]
pub fn trigger(name: &str) -> Option<String> {
    crate::testing::host(|host| host.trigger_of(name))
}

/// The micro-app's own name, which the host gives as the program's.
#[cfg(target_family = "wasm")]
#[inline]
pub fn own_name() -> String {
    std::env::args().next().unwrap_or_default()
}

/// The micro-app's own name, as the test's host gives it.
#[cfg(not(target_family = "wasm"))]
pub fn own_name() -> String {
    crate::testing::host(|host| host.name())
}

fn refused(code: u32, message: String) -> EventError {
    EventError { code, message }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EventError {}

impl From<EventError> for String {
    fn from(error: EventError) -> String {
        error.message
    }
}
