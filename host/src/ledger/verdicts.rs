//! What the ledger says about runs of a host that was cut off.

use std::path::{Path, PathBuf};

use fractalaw_ledger::{LedgerError, LedgerId, Reader, closing_of};
use fractalaw_report::Outcome;

/// Whether what a run did takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The run completed, and the ledger has the closing.
    Completed,
    /// The run did not complete, or the ledger has no closing. Nothing that it did takes effect.
    NotCompleted,
    /// It is not known now. A host that starts later can find out.
    Unknown,
}

/// The identity of a run. It contains the ledger's own identity, because another ledger has runs with the same numbers. It also says
/// where the ledger is, so that any host can ask it about a run of a host that is gone.
pub(crate) fn identity(ledger: LedgerId, run_id: u64, path: Option<&str>) -> String {
    match path {
        Some(path) => format!("{ledger}:{run_id}@{path}"),
        None => format!("{ledger}:{run_id}"),
    }
}

/// Asks the ledger of a host about earlier runs. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct Verdicts {
    /// The ledger, if the host has one.
    pub(crate) ledger: Option<PathBuf>,
}

impl Verdicts {
    /// The ledger, if the host has one.
    pub fn ledger(&self) -> Option<&Path> {
        self.ledger.as_deref()
    }

    /// The verdict on the run with this identity. It is unknown if the run is neither in this host's ledger nor in the one that the
    /// identity names, or if there is none.
    ///
    /// # Errors
    ///
    /// If this host's ledger cannot be read.
    pub fn of(&self, identity: &str) -> Result<Verdict, LedgerError> {
        let (run, other) = match identity.split_once('@') {
            Some((run, path)) => (run, Some(Path::new(path))),
            None => (identity, None),
        };
        let Some((ledger_id, run_id)) = run.split_once(':') else {
            return Ok(Verdict::Unknown);
        };
        let Ok(run_id) = run_id.parse() else {
            return Ok(Verdict::Unknown);
        };
        let own = self.ledger.as_deref().map(Reader::open).transpose()?;
        let has_it = |reader: &Reader| reader.identity().ledger_id.to_string() == ledger_id;
        let found = own.filter(has_it).or_else(|| {
            // The ledger of another host may be gone, or may not be for this one to read.
            let other = Reader::open(other?).ok();
            other.filter(has_it)
        });
        let Some(reader) = found else {
            return Ok(Verdict::Unknown);
        };
        let closing = closing_of(&reader, run_id)?;
        let completed = Outcome::Completed(String::new()).kind();
        let is_completed = closing.is_some_and(|closing| closing.outcome == completed);
        Ok(match is_completed {
            true => Verdict::Completed,
            false => Verdict::NotCompleted,
        })
    }
}
