//! What the ledger says of a run that a host left when it was cut off.

use std::path::PathBuf;

use fractalaw_ledger::{LedgerError, LedgerId, Reader, closing_of};

/// Whether what a run did takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It completed, and that is on record.
    Completed,
    /// It did not, or that is not on record: nothing of it takes effect.
    NotCompleted,
    /// Nobody can say. A host that starts later can.
    Unknown,
}

/// How a completed run is closed.
const COMPLETED: &str = "completed";

/// What the ledger knows a run by: its own identity, because another ledger has runs of the same numbers.
pub(crate) fn identity(ledger: LedgerId, run_id: u64) -> String {
    format!("{ledger}:{run_id}")
}

/// Asks the ledger of a host about earlier runs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Verdicts {
    /// The ledger, if the host has one.
    pub(crate) ledger: Option<PathBuf>,
}

impl Verdicts {
    /// Whether the run took effect that a host knew by this identity. A run of another ledger than this host's is unknown.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn of(&self, identity: &str) -> Result<Verdict, LedgerError> {
        let known = identity.rsplit_once(':');
        let (Some(ledger), Some((ledger_id, run_id))) = (&self.ledger, known) else {
            return Ok(Verdict::Unknown);
        };
        let reader = Reader::open(ledger)?;
        let Ok(run_id) = run_id.parse() else {
            return Ok(Verdict::Unknown);
        };
        if reader.identity().ledger_id.to_string() != ledger_id {
            return Ok(Verdict::Unknown);
        }
        let closing = closing_of(&reader, run_id)?;
        let is_completed = closing.is_some_and(|closing| closing.outcome == COMPLETED);
        Ok(match is_completed {
            true => Verdict::Completed,
            false => Verdict::NotCompleted,
        })
    }
}
