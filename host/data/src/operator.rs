//! What the operator of a host should know, and the ledgers that the host can ask.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use fractalaw_host::capability::{self, Verdicts};
use fractalaw_sqlite::{Ledgers, StoreError, Verdict};

use crate::warning::Warning;

/// Is told of each warning.
pub(crate) type Told = Box<dyn Fn(&Warning) + Send + Sync>;

/// The operator of one host.
#[derive(Default)]
pub(crate) struct Operator {
    verdicts: OnceLock<Verdicts>,
    told: OnceLock<Told>,
    /// What the operator was not told yet.
    warnings: Mutex<Vec<Warning>>,
    /// What was last said of a run that waits to be settled, for each database.
    unsettled: Mutex<HashMap<PathBuf, Warning>>,
}

impl Operator {
    /// Sets the ledger that knows about earlier runs.
    pub(crate) fn know(&self, verdicts: &Verdicts) {
        let _ = self.verdicts.set(verdicts.clone());
    }

    pub(crate) fn tell(&self, told: Told) {
        let _ = self.told.set(told);
    }

    pub(crate) fn warn(&self, warning: Warning) {
        match self.told.get() {
            Some(told) => told(&warning),
            None => lock(&self.warnings).push(warning),
        }
    }

    pub(crate) fn take_warnings(&self) -> Vec<Warning> {
        std::mem::take(&mut lock(&self.warnings))
    }

    /// What the store of this database asks and tells.
    pub(crate) fn ledgers(self: &Arc<Operator>, file: &Path) -> Ledgers {
        let (asked, told, file) = (Arc::clone(self), Arc::clone(self), file.to_owned());
        Ledgers {
            verdict: Box::new(move |run| asked.verdict(run)),
            unsettled: Box::new(move |problem| told.warn_unsettled(&file, problem)),
        }
    }

    fn verdict(&self, run: &str) -> Verdict {
        let known = self.verdicts.get().map(|verdicts| verdicts.of(run));
        match known {
            Some(Ok(capability::Verdict::Completed)) => Verdict::Completed,
            Some(Ok(capability::Verdict::NotCompleted)) => Verdict::NotCompleted,
            // A ledger that cannot be read now may be readable later.
            Some(Ok(capability::Verdict::Unknown) | Err(_)) | None => Verdict::Unknown,
        }
    }

    /// Warns once, although each run that wants to write meets the same problem.
    fn warn_unsettled(&self, file: &Path, problem: &StoreError) {
        let warning = Warning::new(file, problem);
        let last = lock(&self.unsettled).insert(file.to_owned(), warning.clone());
        if last.as_ref() != Some(&warning) {
            self.warn(warning);
        }
    }
}

/// A panic leaves nothing half changed, because the engine rolls back what it does not finish.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
