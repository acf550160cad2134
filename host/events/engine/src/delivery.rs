//! A delivery as the one who runs it sees it, and as people see it.

use crate::ids::{DeliveryId, EventId, RunId, TaskId};
use crate::step::Place;
use crate::time::Time;

/// Why a run begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// An event to which the app is subscribed.
    Event {
        /// Its number.
        id: EventId,
        /// Its type.
        event_type: String,
        /// Who emitted it.
        source: String,
    },
    /// A tick of a task that runs repeatedly.
    Cron {
        /// The task.
        task: TaskId,
        /// Its name.
        name: String,
        /// The time of the tick.
        scheduled_for: Time,
        /// How many earlier ticks this run also stands for, because nobody was there to start them.
        missed: u64,
    },
    /// The time of a task that runs once.
    At {
        /// The task.
        task: TaskId,
        /// Its name.
        name: String,
        /// The time.
        scheduled_for: Time,
    },
}

/// One thing to run: an event for one app, or a tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its place in the order.
    pub id: DeliveryId,
    /// The app to run.
    pub app: String,
    /// The number of this attempt, from 1. Interrupted attempts do not count.
    pub attempt: u32,
    /// Why.
    pub trigger: Trigger,
    /// The input.
    pub payload: Vec<u8>,
    /// The place of the run in its chain, if it has one.
    pub place: Option<Place>,
    /// The ledger that numbered the event or task, if it came from a set of nodes. Otherwise it is this node's own.
    pub ledger: Option<String>,
}

impl Delivery {
    /// What is the same in all attempts and in no other delivery, by which effects outside of the host can be told
    /// apart: `event:EVENT:APP`, or `tick:TASK:TIME` with the time in seconds. What came from a set of nodes has the
    /// ledger before the number: `event:LEDGER-EVENT:APP`.
    pub fn key(&self) -> String {
        let Some(ledger) = &self.ledger else {
            return self.own_key();
        };
        let own = self.own_key();
        match own.split_once(':') {
            Some((kind, rest)) => format!("{kind}:{ledger}-{rest}"),
            None => own,
        }
    }

    fn own_key(&self) -> String {
        match &self.trigger {
            Trigger::Event { id, .. } => event_key(*id, &self.app),
            Trigger::Cron {
                task,
                scheduled_for,
                ..
            }
            | Trigger::At {
                task,
                scheduled_for,
                ..
            } => tick_key(*task, *scheduled_for),
        }
    }
}

pub(crate) fn event_key(event: EventId, app: &str) -> String {
    format!("event:{}:{app}", event.0)
}

pub(crate) fn tick_key(task: TaskId, scheduled_for: Time) -> String {
    format!("tick:{}:{}", task.0, scheduled_for.unix_s())
}

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It can be claimed.
    Ready,
    /// It waits for the time of its next attempt.
    Waiting,
    /// A run of it has begun.
    Running,
    /// The host refused to run the app. It waits for another version or policy.
    Held,
    /// It is not tried again unless somebody asks for it.
    Dead,
}

impl State {
    const ALL: [State; 5] = [
        State::Ready,
        State::Waiting,
        State::Running,
        State::Held,
        State::Dead,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            State::Ready => "ready",
            State::Waiting => "waiting",
            State::Running => "running",
            State::Held => "held",
            State::Dead => "dead",
        }
    }

    /// The number in the file.
    pub(crate) fn number(self) -> i64 {
        State::ALL
            .iter()
            .position(|&state| state == self)
            .map_or(0, |at| at as i64)
    }

    pub(crate) fn of(number: i64) -> State {
        usize::try_from(number)
            .ok()
            .and_then(|at| State::ALL.get(at))
            .copied()
            // The table allows no other number.
            .unwrap_or(State::Dead)
    }
}

/// A delivery in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its place in the order.
    pub id: DeliveryId,
    /// The app.
    pub app: String,
    /// Its state.
    pub state: State,
    /// The event, if it is one of an event.
    pub event: Option<EventId>,
    /// The task and the time of the tick, if it is one of a tick.
    pub tick: Option<(TaskId, Time)>,
    /// How many earlier ticks it also stands for.
    pub missed: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again, if it waits.
    pub due: Option<Time>,
    /// The run, if it is running.
    pub run: Option<RunId>,
    /// How its last run ended.
    pub outcome: Option<String>,
    /// Whether its task was cancelled while it ran, so that it is not tried again.
    pub cancelled: bool,
    /// The ledger that numbered the event or task, if it came from a set of nodes.
    pub ledger: Option<String>,
}

/// A delivery with what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// Its state.
    pub standing: Standing,
    /// What its next run gets.
    pub delivery: Delivery,
}

/// A task in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskStanding {
    /// Its number.
    pub id: TaskId,
    /// The app that scheduled it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// The app that it runs.
    pub target: String,
    /// The expression, if it runs repeatedly.
    pub cron: Option<String>,
    /// The time of its next tick. `None` if it ran once and its delivery is still there.
    pub next: Option<Time>,
    /// Ticks that were skipped because the one before had not ended.
    pub skipped: u64,
}
