//! The closings of the host's ledger, which decide what takes effect after a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fractalaw_events_engine::{Closings, LedgerFailure, RunId};
use fractalaw_ledger::{LedgerError, Reader, closings};

/// The ledger in a file.
pub struct LedgerClosings(PathBuf);

impl LedgerClosings {
    /// The ledger in this file. It is opened when it is asked.
    pub fn new(ledger: impl AsRef<Path>) -> LedgerClosings {
        LedgerClosings(ledger.as_ref().to_owned())
    }
}

impl Closings for LedgerClosings {
    fn visit(
        &mut self,
        first: RunId,
        closing: &mut dyn FnMut(RunId, &str),
    ) -> Result<(), LedgerFailure> {
        let failed = |error: LedgerError| -> LedgerFailure { Arc::new(error) };
        let reader = Reader::open(&self.0).map_err(failed)?;
        closings(&reader, first.0, |run, outcome| {
            closing(RunId(run), outcome)
        })
        .map_err(failed)
    }
}
