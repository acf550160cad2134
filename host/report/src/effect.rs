//! What a run changed outside of itself, as reported by the capability that made the change.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::facts::{line, read_fields, word, write_fields};
use crate::outcome::Outcome;

/// Something that a run did through a capability of its host: rows that it inserted, an event that it emitted.
///
/// Text, JSON and snapshots show the effects of all capabilities in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The name of the capability, such as `data`.
    pub capability: String,
    /// What was done, such as `insert`.
    pub kind: String,
    /// What it was done to, such as the name of a table.
    pub subject: String,
    /// Further facts, in an order that the capability chooses. A number that is not whole is written as text,
    /// because readers of JSON round it.
    #[serde(serialize_with = "write_fields", deserialize_with = "read_fields")]
    pub fields: Vec<(String, Value)>,
    /// Whether it took effect.
    pub settled: Settled,
}

/// What happened to an effect when its run had ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settled {
    /// It took effect, because the run completed.
    Committed,
    /// It was undone, because the run ended in another way.
    Discarded,
    /// It took effect when it was made, and nothing can undo it: a model was asked.
    Done,
}

impl Settled {
    /// Whether effects that depend on the run's completion took effect, given the outcome.
    pub fn of(ended: &Outcome) -> Settled {
        match ended {
            Outcome::Completed(_) => Settled::Committed,
            _ => Settled::Discarded,
        }
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Settled::Committed => "committed",
            Settled::Discarded => "discarded",
            Settled::Done => "done",
        }
    }
}

impl Effect {
    /// What was done on one line, without who did it and whether it took effect, with the guest's text made safe to
    /// print.
    pub fn deed(&self) -> String {
        let deed = format!("{} {}", word(&self.kind), word(&self.subject));
        match self.fields.as_slice() {
            [] => deed,
            facts => format!("{deed} — {}", line(facts)),
        }
    }
}

/// The effect on one line, with the guest's text made safe to print. No two effects have the same line: a word
/// with more than letters, digits and the characters of names is in quotes, and so is text in the fields.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (capability, settled) = (word(&self.capability), self.settled.name());
        write!(f, "[{capability}] {} ({settled})", self.deed())
    }
}
