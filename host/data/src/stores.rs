//! The databases of a host. Each is opened when a run first calls for it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use fractalaw_adbc_client::{OpenError, Settings, beside_the_host};
use fractalaw_host::capability::{self, Verdicts};
use fractalaw_sqlite::{Grants, Store, StoreError, Verdict};

use crate::limits::CHECKED_GRANTS;
use crate::warning::Warning;

/// All databases of one host.
#[derive(Default)]
pub(crate) struct Stores {
    open: Mutex<HashMap<PathBuf, Store>>,
    /// Each has a lock of its own, because opening a database can take long.
    adbc: Mutex<HashMap<Settings, AdbcSlot>>,
    adbc_program: OnceLock<PathBuf>,
    verdicts: OnceLock<Verdicts>,
    /// The grants that were checked against a database, and what the operator was not told yet.
    checked: Mutex<HashSet<(PathBuf, Arc<Grants>)>>,
    warnings: Mutex<Vec<Warning>>,
    told: OnceLock<Told>,
}

/// Is told of each warning.
pub(crate) type Told = Box<dyn Fn(&Warning) + Send + Sync>;

/// A database with an ADBC driver, if it is open.
type AdbcSlot = Arc<Mutex<Option<fractalaw_adbc_client::Store>>>;

impl Stores {
    /// Sets the ledger that knows about earlier runs.
    pub(crate) fn know(&self, verdicts: &Verdicts) {
        let _ = self.verdicts.set(verdicts.clone());
    }

    /// The database in this file. When it is opened, a run that a crash left is settled.
    pub(crate) fn get(&self, file: &Path) -> Result<Store, StoreError> {
        // One name for each file, so that its writers wait in one line.
        let path = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let mut open = lock(&self.open);
        if let Some(store) = open.get(&path) {
            return Ok(store.clone());
        }
        let store = Store::open(&path, |run| self.verdict(run))?;
        open.insert(path, store.clone());
        Ok(store)
    }

    /// The same, for a run with these grants. When they are first used there, what an operator should know is noted.
    pub(crate) fn for_run(&self, file: &Path, grants: &Arc<Grants>) -> Result<Store, StoreError> {
        let store = self.get(file)?;
        let mut checked = lock(&self.checked);
        let is_new = checked.len() < CHECKED_GRANTS
            && checked.insert((store.path().to_owned(), Arc::clone(grants)));
        drop(checked);
        if is_new {
            let problems = store.check(grants)?;
            let warnings = problems.iter().map(|problem| Warning::new(file, problem));
            match self.told.get() {
                Some(told) => warnings.for_each(|warning| told(&warning)),
                None => lock(&self.warnings).extend(warnings),
            }
        }
        Ok(store)
    }

    pub(crate) fn tell(&self, told: Told) {
        let _ = self.told.set(told);
    }

    pub(crate) fn take_warnings(&self) -> Vec<Warning> {
        std::mem::take(&mut lock(&self.warnings))
    }

    /// The database behind a driver. The first run that uses it opens it.
    pub(crate) fn adbc(
        &self,
        settings: &Settings,
    ) -> Result<fractalaw_adbc_client::Store, OpenError> {
        let slot = Arc::clone(lock(&self.adbc).entry(settings.clone()).or_default());
        let mut slot = lock(&slot);
        if let Some(store) = &*slot {
            return Ok(store.clone());
        }
        let program = self.adbc_program.get_or_init(beside_the_host);
        let store = fractalaw_adbc_client::Store::open(settings, program)?;
        *slot = Some(store.clone());
        Ok(store)
    }

    pub(crate) fn set_adbc_program(&self, path: PathBuf) {
        let _ = self.adbc_program.set(path);
    }

    /// Closes the databases that no run uses. A file keeps its place in the list, and with it the line of its writers.
    pub(crate) fn close(&self) {
        lock(&self.adbc).clear();
        lock(&self.open).values().for_each(Store::rest);
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
}

/// A panic leaves nothing half changed, because the engine rolls back what it does not finish.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
