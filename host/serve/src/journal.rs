//! What the supervisor has seen since it started: its last runs, and totals by app. The ledger has everything.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fractalaw_events_engine::{Delivery, Time, Trigger};
use fractalaw_host::{HostError, Report};
use serde::{Deserialize, Serialize};

use crate::limits::{RUNS_SHOWN, TRAIL_BYTES, TRAIL_SHOWN};

/// The outcome of a run that the host could not carry out.
const HOST_FAILED: &str = "host-failed";

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// The app.
    pub app: String,
    /// The digest of the component that ran.
    pub digest: String,
    /// The kind of the outcome.
    pub outcome: String,
    /// What the host or the guest says of it.
    pub message: String,
    /// The fuel that it used.
    pub fuel: u64,
    /// What it was a run of.
    pub delivery: String,
    /// Why it began.
    pub trigger: String,
    /// The number of the attempt.
    pub attempt: u32,
    /// When it began, in milliseconds after 1970.
    pub began_unix_ms: i64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Its first audit entries.
    pub trail: Vec<Said>,
    /// How many more there are.
    pub trail_omitted: usize,
}

/// An audit entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The kind of event.
    pub event_type: String,
    /// What it happened to.
    pub resource: String,
    /// What happened.
    pub detail: String,
}

/// What an app did since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Runs by the kind of outcome.
    pub runs: BTreeMap<String, u64>,
    /// The fuel of all of them.
    pub fuel: u64,
}

/// Remembers runs.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    runs: VecDeque<Ran>,
    totals: BTreeMap<String, Totals>,
}

impl Ran {
    /// What is shown of a run.
    pub(crate) fn of(
        delivery: &Delivery,
        digest: &str,
        began: Time,
        took_ms: u64,
        ended: &Result<Report, HostError>,
    ) -> Ran {
        let entries = ended.as_ref().map_or(&[][..], |report| &report.audit);
        let trail = entries.iter().take(TRAIL_SHOWN).map(|entry| Said {
            event_type: cut(&entry.event_type),
            resource: cut(&entry.resource),
            detail: cut(&entry.detail),
        });
        let (outcome, message, fuel) = match ended {
            Ok(report) => (
                report.outcome.kind(),
                cut(&report.outcome.to_string()),
                report.fuel.consumed(),
            ),
            Err(error) => (HOST_FAILED, cut(&chain(error)), 0),
        };
        Ran {
            app: delivery.app.clone(),
            digest: digest.to_owned(),
            outcome: outcome.to_owned(),
            message,
            fuel,
            delivery: delivery.key(),
            trigger: trigger(&delivery.trigger),
            attempt: delivery.attempt,
            began_unix_ms: began.unix_ms(),
            took_ms,
            trail: trail.collect(),
            trail_omitted: entries.len().saturating_sub(TRAIL_SHOWN),
        }
    }
}

impl Journal {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, ran: Ran) {
        let mut inner = self.lock();
        if !inner.totals.contains_key(&ran.app) {
            inner.totals.insert(ran.app.clone(), Totals::default());
        }
        if let Some(totals) = inner.totals.get_mut(&ran.app) {
            totals.fuel = totals.fuel.saturating_add(ran.fuel);
            match totals.runs.get_mut(&ran.outcome) {
                Some(runs) => *runs += 1,
                None => {
                    totals.runs.insert(ran.outcome.clone(), 1);
                }
            }
        }
        if inner.runs.len() == RUNS_SHOWN {
            inner.runs.pop_back();
        }
        inner.runs.push_front(ran);
    }

    /// The last runs, the newest first.
    pub(crate) fn runs(&self) -> Vec<Ran> {
        self.lock().runs.iter().cloned().collect()
    }

    pub(crate) fn totals(&self) -> BTreeMap<String, Totals> {
        self.lock().totals.clone()
    }
}

fn trigger(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Event {
            event_type, source, ..
        } => format!("{event_type} from {source}"),
        Trigger::Cron {
            name, missed: 0, ..
        } => format!("{name}, by cron"),
        Trigger::Cron { name, missed, .. } => format!("{name}, by cron, and {missed} missed"),
        Trigger::At { name, .. } => format!("{name}, once"),
    }
}

/// The error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The error with its causes, up to the first one with a hint, and that hint.
pub fn told(error: &dyn std::error::Error) -> (String, Option<String>) {
    let (mut text, mut cause) = (String::new(), Some(error));
    while let Some(error) = cause {
        let said = error.to_string();
        let (message, hint) = match said.split_once("\nhint: ") {
            Some((message, hint)) => (message, Some(hint.to_owned())),
            None => (&*said, None),
        };
        let between = if text.is_empty() { "" } else { ": " };
        text = format!("{text}{between}{message}");
        if hint.is_some() {
            return (text, hint);
        }
        cause = error.source();
    }
    (text, None)
}

fn cut(text: &str) -> String {
    match text.len() <= TRAIL_BYTES {
        true => text.to_owned(),
        false => format!("{}…", &text[..text.floor_char_boundary(TRAIL_BYTES)]),
    }
}
