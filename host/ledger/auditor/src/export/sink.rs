//! What each format does.

use anyhow::Result;
use fractalaw_ledger::Entry;

/// One format. Its memory does not grow with the ledger.
pub(super) trait Sink {
    /// Takes the next entry.
    fn entry(&mut self, entry: Entry) -> Result<()>;
    /// Writes what is left.
    fn finish(self: Box<Self>) -> Result<()>;
}
