//! Ledgers of several nodes together: what started a run on one node was made on another, and is what was made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::entry::{Entry, Hash, LedgerId, Role, event};
use crate::error::LedgerError;
use crate::note::Accepted;
use crate::reader::Reader;
use crate::run_record::{self, Opening};
use crate::trigger::{Cause, Trigger};
use crate::verify::{Trust, Verified, VerifyError, verify};

/// What the ledgers of a set say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSet {
    /// Each ledger, in the order in which they were given.
    pub ledgers: Vec<(LedgerId, Verified)>,
    /// Events that completed runs emitted, and that came from outside.
    pub events: u64,
    /// Deliveries that a run completed.
    pub deliveries: u64,
    /// What contradicts another ledger or itself.
    pub flaws: Vec<SetFlaw>,
}

/// A run that contradicts what the ledgers say together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetFlaw {
    /// No closing of the set made the event.
    #[error(
        "run {run} of ledger {ledger} was started by event {event} of ledger {of}, which nothing there made"
    )]
    NotMade {
        /// The ledger of the run.
        ledger: String,
        /// The run.
        run: u64,
        /// The ledger that is said to have made the event.
        of: String,
        /// The event.
        event: u64,
    },
    /// The event had another payload.
    #[error(
        "run {run} of ledger {ledger} was started by event {event} of ledger {of} with the digest {found}, expected {expected}"
    )]
    OtherDigest {
        /// The ledger of the run.
        ledger: String,
        /// The run.
        run: u64,
        /// The ledger that made the event.
        of: String,
        /// The event.
        event: u64,
        /// The digest that the run's opening quotes.
        found: Hash,
        /// The digest that was made.
        expected: Hash,
    },
    /// The ledger that made the event is not among these.
    #[error(
        "run {run} of ledger {ledger} was started by event {event} of ledger {of}, which is not among these"
    )]
    OtherLedger {
        /// The ledger of the run.
        ledger: String,
        /// The run.
        run: u64,
        /// The ledger that is said to have made the event.
        of: String,
        /// The event.
        event: u64,
    },
    /// Two runs completed one delivery.
    #[error("delivery `{delivery}` was completed by run {} of ledger {} and run {} of ledger {}", first.1, first.0, second.1, second.0)]
    Twice {
        /// The key of the delivery.
        delivery: String,
        /// The ledger and the run that completed it.
        first: (String, u64),
        /// Another ledger and run that did.
        second: (String, u64),
    },
}

/// Why a set cannot be verified.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SetError {
    /// A ledger by itself does not verify.
    #[error("`{}`: {source}", path.display())]
    Ledger {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: VerifyError,
    },
    /// A ledger was given twice.
    #[error("`{}` is ledger {id}, as one before it", path.display())]
    SameLedger {
        /// The second file.
        path: PathBuf,
        /// The ledger.
        id: LedgerId,
    },
}

/// A run that a supervisor started.
struct Started {
    ledger: String,
    run: u64,
    trigger: Trigger,
}

/// Verifies each ledger, and then all of them together. The hosts may be writing to them. The memory that it needs grows
/// with the number of runs.
///
/// # Errors
///
/// If a ledger does not verify, or cannot be read.
pub fn verify_set(paths: &[PathBuf]) -> Result<VerifiedSet, SetError> {
    let mut ledgers: Vec<(LedgerId, Verified)> = Vec::new();
    let mut started = Vec::new();
    for path in paths {
        let reader = open(path)?;
        let id = reader.identity().ledger_id;
        if ledgers.iter().any(|(known, _)| *known == id) {
            let path = path.clone();
            return Err(SetError::SameLedger { path, id });
        }
        let verified = verify(&reader, &Trust::default());
        ledgers.push((id, verified.map_err(|source| failed(path, source))?));
        started.extend(starts(&reader).map_err(|error| failed(path, error.into()))?);
    }
    // After all openings, because an event is made before the opening that quotes it.
    let mut made = BTreeMap::new();
    let mut completed = BTreeSet::new();
    for path in paths {
        let reader = open(path)?;
        let read = ends(&reader, &mut made, &mut completed);
        read.map_err(|error| failed(path, error.into()))?;
    }
    let known = ledgers.iter().map(|(id, _)| id.to_string()).collect();
    let mut flaws: Vec<SetFlaw> = started
        .iter()
        .filter_map(|started| quoted(started, &known, &made))
        .collect();
    let mut by_delivery: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for Started {
        ledger,
        run,
        trigger,
    } in started
    {
        if !completed.contains(&(ledger.clone(), run)) || trigger.cause == Cause::Manual {
            continue;
        }
        // A key without a ledger is one of its own.
        let delivery = match trigger.ledger {
            Some(_) => trigger.delivery,
            None => format!("{ledger} {}", trigger.delivery),
        };
        let second = (ledger, run);
        match by_delivery.get(&delivery) {
            None => drop(by_delivery.insert(delivery, second)),
            Some(first) => flaws.push(SetFlaw::Twice {
                delivery,
                first: first.clone(),
                second,
            }),
        }
    }
    Ok(VerifiedSet {
        ledgers,
        events: made.len() as u64,
        deliveries: by_delivery.len() as u64,
        flaws,
    })
}

fn open(path: &Path) -> Result<Reader, SetError> {
    Reader::open(path).map_err(|error| failed(path, error.into()))
}

fn failed(path: &Path, source: VerifyError) -> SetError {
    SetError::Ledger {
        path: path.to_owned(),
        source,
    }
}

/// The runs that a supervisor started.
fn starts(reader: &Reader) -> Result<Vec<Started>, LedgerError> {
    let ledger = reader.identity().ledger_id.to_string();
    let mut started = Vec::new();
    reader.visit(1, |entry| {
        if entry.actor_role == Role::Host
            && entry.event_type == event::RUN_OPENED
            && let Some(run) = entry.run_id
            && let Ok(opening) = serde_json::from_str::<Opening>(&entry.detail)
            && let Some(trigger) = opening.trigger
        {
            started.push(Started {
                ledger: ledger.clone(),
                run,
                trigger,
            });
        }
        Ok::<(), LedgerError>(())
    })?;
    Ok(started)
}

/// Adds the events that took effect in a ledger, and its runs that completed.
fn ends(
    reader: &Reader,
    made: &mut BTreeMap<(String, u64), Hash>,
    completed: &mut BTreeSet<(String, u64)>,
) -> Result<(), LedgerError> {
    let ledger = reader.identity().ledger_id.to_string();
    reader.visit(1, |entry| {
        if entry.actor_role != Role::Host {
            return Ok::<(), LedgerError>(());
        }
        match (&*entry.event_type, entry.run_id) {
            (event::RUN_CLOSED, Some(run)) => {
                let closed = serde_json::from_str::<run_record::Closed>(&entry.detail);
                if let Ok(run_record::Closed { closing, .. }) = closed
                    && closing.outcome == "completed"
                {
                    completed.insert((ledger.clone(), run));
                    let events = closing.deeds.events.iter();
                    made.extend(events.map(|event| ((ledger.clone(), event.id), event.sha256)));
                }
            }
            (event::EVENT_ACCEPTED, None) => {
                if let Some((id, sha256)) = accepted(&entry) {
                    made.insert((ledger.clone(), id), sha256);
                }
            }
            _ => {}
        }
        Ok(())
    })
}

/// The number and the digest of an event from outside.
fn accepted(entry: &Entry) -> Option<(u64, Hash)> {
    let accepted: Accepted = serde_json::from_str(&entry.detail).ok()?;
    Some((entry.entry_id.checked_mul(1 << 16)? | 1, accepted.sha256))
}

/// What is wrong with the event that a run's opening quotes.
fn quoted(
    started: &Started,
    known: &BTreeSet<String>,
    made: &BTreeMap<(String, u64), Hash>,
) -> Option<SetFlaw> {
    let Started {
        ledger,
        run,
        trigger,
    } = started;
    let Cause::Event { event, sha256, .. } = trigger.cause else {
        return None;
    };
    let (ledger, run) = (ledger.clone(), *run);
    let of = trigger.ledger.clone().unwrap_or_else(|| ledger.clone());
    if !known.contains(&of) {
        return Some(SetFlaw::OtherLedger {
            ledger,
            run,
            of,
            event,
        });
    }
    match made.get(&(of.clone(), event)) {
        None => Some(SetFlaw::NotMade {
            ledger,
            run,
            of,
            event,
        }),
        Some(&expected) if expected != sha256 => Some(SetFlaw::OtherDigest {
            ledger,
            run,
            of,
            event,
            found: sha256,
            expected,
        }),
        Some(_) => None,
    }
}
