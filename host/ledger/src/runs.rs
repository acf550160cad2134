//! The runs of a ledger: what ran, and how it ended.

use std::collections::BTreeMap;

use crate::entry::{Role, event};
use crate::error::LedgerError;
use crate::reader::Reader;
use crate::run_record::{self, Closing};

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The id of its opening entry.
    pub run_id: u64,
    /// `name@` and the component's digest.
    pub app: String,
    /// The node that it ran on.
    pub node_id: String,
    /// When it was opened, in nanoseconds since 1970-01-01T00:00:00Z.
    pub opened_unix_ns: u64,
    /// The number of its own entries.
    pub entries: u64,
    /// How it ended; `None` for a run that was cut off or is under way.
    pub closed: Option<Closed>,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The time in nanoseconds since 1970-01-01T00:00:00Z.
    pub time_unix_ns: u64,
    /// How it ended, if the closing entry can be read.
    pub closing: Option<Closing>,
}

/// All runs, in the order in which they were opened.
pub fn runs(reader: &Reader) -> Result<Vec<Run>, LedgerError> {
    let mut runs: BTreeMap<u64, Run> = BTreeMap::new();
    reader.visit(1, |entry| {
        let Some(run_id) = entry.run_id else {
            return Ok::<(), LedgerError>(());
        };
        match (entry.actor_role, &*entry.event_type) {
            (Role::Host, event::RUN_OPENED) => {
                let run = Run {
                    run_id,
                    app: entry.resource,
                    node_id: entry.node_id,
                    opened_unix_ns: entry.timestamp,
                    entries: 0,
                    closed: None,
                };
                runs.insert(run_id, run);
            }
            (Role::Host, event::RUN_CLOSED) => {
                if let Some(run) = runs.get_mut(&run_id) {
                    let closed = serde_json::from_str::<run_record::Closed>(&entry.detail);
                    run.closed = Some(Closed {
                        time_unix_ns: entry.timestamp,
                        closing: closed.ok().map(|closed| closed.closing),
                    });
                }
            }
            (Role::MicroApp, _) => {
                if let Some(run) = runs.get_mut(&run_id) {
                    run.entries += 1;
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(runs.into_values().collect())
}

/// Passes the closings of all runs from this number on to the visitor: the number of the run, and the kind of its
/// outcome. A closing that cannot be read says `unreadable`, which is no kind of outcome.
pub fn closings(
    reader: &Reader,
    first: u64,
    mut visitor: impl FnMut(u64, &str),
) -> Result<(), LedgerError> {
    reader.visit(first, |entry| {
        let is_closing = entry.actor_role == Role::Host && entry.event_type == event::RUN_CLOSED;
        if let Some(run) = entry.run_id.filter(|&run| is_closing && run >= first) {
            let closed = serde_json::from_str::<run_record::Closed>(&entry.detail);
            let outcome = closed.ok().map(|closed| closed.closing.outcome);
            visitor(run, outcome.as_deref().unwrap_or("unreadable"));
        }
        Ok(())
    })
}

/// The closing of one run. `None` if the run was cut off or has not ended.
pub fn closing_of(reader: &Reader, run_id: u64) -> Result<Option<Closing>, LedgerError> {
    enum Ends {
        Found(String),
        Failed(LedgerError),
    }
    impl From<LedgerError> for Ends {
        fn from(error: LedgerError) -> Ends {
            Ends::Failed(error)
        }
    }
    // The run's id is the id of its opening, so its closing comes after that id.
    let ended = reader.visit(run_id, |entry| {
        let is_closing = entry.actor_role == Role::Host && entry.event_type == event::RUN_CLOSED;
        if is_closing && entry.run_id == Some(run_id) {
            return Err(Ends::Found(entry.detail));
        }
        Ok(())
    });
    match ended {
        Ok(()) => Ok(None),
        Err(Ends::Failed(error)) => Err(error),
        Err(Ends::Found(detail)) => {
            let closed = serde_json::from_str::<run_record::Closed>(&detail);
            Ok(closed.ok().map(|closed| closed.closing))
        }
    }
}
