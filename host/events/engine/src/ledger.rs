//! What the ledger has of runs. Its closings are the truth: what a run staged takes effect if its closing says that it
//! completed.

use crate::error::LedgerFailure;
use crate::ids::RunId;

/// The closings of a ledger.
pub trait Closings {
    /// Calls `closing` for each run that has one and whose number is `first` or higher, with the kind of its outcome:
    /// `completed`, `trap` and so on.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read. Then the engine does not start.
    fn visit(
        &mut self,
        first: RunId,
        closing: &mut dyn FnMut(RunId, &str),
    ) -> Result<(), LedgerFailure>;
}

/// A ledger without runs, for files that are new.
pub struct NoClosings;

impl Closings for NoClosings {
    fn visit(&mut self, _: RunId, _: &mut dyn FnMut(RunId, &str)) -> Result<(), LedgerFailure> {
        Ok(())
    }
}
