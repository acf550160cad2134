//! The databases of a host, each opened when a run first calls for it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use fractalaw_host::capability::{self, Verdicts};
use fractalaw_sqlite::{Store, StoreError, Verdict};

/// All databases of one host.
#[derive(Default)]
pub(crate) struct Stores {
    open: Mutex<HashMap<PathBuf, Store>>,
    verdicts: OnceLock<Verdicts>,
}

impl Stores {
    /// The ledger that knows about earlier runs.
    pub(crate) fn know(&self, verdicts: &Verdicts) {
        let _ = self.verdicts.set(verdicts.clone());
    }

    /// The database in this file. A run that a crash left unsettled is settled when it is opened.
    pub(crate) fn get(&self, file: &Path) -> Result<Store, StoreError> {
        // By one name, so that its writers wait in one line.
        let path = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let mut open = lock(&self.open);
        if let Some(store) = open.get(&path) {
            return Ok(store.clone());
        }
        let store = Store::open(&path, |run| self.verdict(run))?;
        open.insert(path, store.clone());
        Ok(store)
    }

    fn verdict(&self, run: &str) -> Verdict {
        let known = self.verdicts.get().map(|verdicts| verdicts.of(run));
        match known {
            Some(Ok(capability::Verdict::Completed)) => Verdict::Completed,
            Some(Ok(capability::Verdict::NotCompleted)) => Verdict::NotCompleted,
            // A ledger that cannot be read may be readable later.
            Some(Ok(capability::Verdict::Unknown) | Err(_)) | None => Verdict::Unknown,
        }
    }
}

/// No panic leaves what is locked half changed: the engine rolls back what it does not finish.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
