//! What a run stages: events, tasks and cancellations, in the order of its calls.

use crate::ids::{EventId, TaskId};
use crate::time::Time;

/// One call that was accepted. It takes effect if the run completes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `emit`.
    Emit(Emitted),
    /// `schedule`.
    Schedule(Scheduled),
    /// `cancel` of a task of an earlier run.
    Cancel(TaskId),
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// Its number.
    pub id: EventId,
    /// What kind of thing happened.
    pub event_type: String,
    /// The app that emits it, or what accepted it from outside.
    pub source: String,
    /// The details.
    pub payload: Vec<u8>,
    /// Where it stands in its chain.
    pub place: Place,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// Its number.
    pub id: TaskId,
    /// A name for people.
    pub name: String,
    /// The app that is run.
    pub target: String,
    /// The expression, if it runs repeatedly.
    pub cron: Option<String>,
    /// When it runs for the first time, or the only time.
    pub first: Option<Time>,
    /// The input of its runs.
    pub payload: Vec<u8>,
    /// Where a prompt task stands in its chain.
    pub place: Option<Place>,
}

/// The place in a chain of events that lead to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// How many came before.
    pub depth: u32,
    /// The number of the first event or task of the chain.
    pub root: u64,
}
