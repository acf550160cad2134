//! The databases of a host. Each is opened when a run first calls for it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, TryLockError};

use fractalaw_adbc_client::{OpenError, Settings, beside_the_host};
use fractalaw_sqlite::{Grants, Stop, Store, StoreError};

use crate::limits::{CHECKED_GRANTS, OPEN_LOOK};
use crate::operator::{Operator, lock};
use crate::warning::Warning;

/// All databases of one host.
#[derive(Default)]
pub(crate) struct Stores {
    /// Each has a lock of its own, because opening a database can take long.
    open: Mutex<HashMap<PathBuf, Slot>>,
    /// The same.
    adbc: Mutex<HashMap<Settings, AdbcSlot>>,
    adbc_program: OnceLock<PathBuf>,
    /// The grants that were checked against a database.
    checked: Mutex<HashSet<(PathBuf, Arc<Grants>)>>,
    pub(crate) operator: Arc<Operator>,
}

/// Says whether the run that waits may go on.
pub(crate) type Look<'a> = dyn FnMut() -> Result<(), Stop> + 'a;

/// A database in a file, if it is open.
type Slot = Arc<Mutex<Option<Store>>>;

/// A database with an ADBC driver, if it is open.
type AdbcSlot = Arc<Mutex<Option<fractalaw_adbc_client::Store>>>;

impl Stores {
    /// The database in this file. When it is opened, a run that a crash left is settled. While another run opens it, or another program
    /// holds it, `look` says whether to wait.
    pub(crate) fn get(&self, file: &Path, look: &mut Look<'_>) -> Result<Store, StoreError> {
        // One name for each file, so that its writers wait in one line.
        let path = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let slot = Arc::clone(lock(&self.open).entry(path.clone()).or_default());
        let mut slot = loop {
            match slot.try_lock() {
                Ok(slot) => break slot,
                Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => look()?,
            }
            std::thread::sleep(OPEN_LOOK);
        };
        if let Some(store) = &*slot {
            return Ok(store.clone());
        }
        let store = Store::open_for(&path, self.operator.ledgers(file), look)?;
        Ok(slot.insert(store).clone())
    }

    /// The same, for a run with these grants. When they are first used there, what an operator should know is noted.
    pub(crate) fn for_run(
        &self,
        file: &Path,
        grants: &Arc<Grants>,
        look: &mut Look<'_>,
    ) -> Result<Store, StoreError> {
        let store = self.get(file, look)?;
        let mut checked = lock(&self.checked);
        let is_new = checked.len() < CHECKED_GRANTS
            && checked.insert((store.path().to_owned(), Arc::clone(grants)));
        drop(checked);
        if is_new {
            let problems = store.check_for(grants, look)?;
            for problem in &problems {
                self.operator.warn(Warning::new(file, problem));
            }
        }
        Ok(store)
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
        for slot in lock(&self.open).values() {
            // If it is locked, a run opens it.
            if let Some(store) = slot.try_lock().ok().as_deref().and_then(Option::as_ref) {
                store.rest();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database that is being opened holds up only the runs that use it, and each of them as long as it may wait.
    #[test]
    fn a_database_that_opens_slowly_holds_up_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let (slow, quick) = (folder.join("slow.db"), folder.join("quick.db"));
        for file in [&slow, &quick] {
            std::fs::write(file, b"").unwrap();
        }
        let stores = Stores::default();
        let slot = Arc::clone(lock(&stores.open).entry(slow.clone()).or_default());
        let opening = lock(&slot);
        assert_eq!(stores.get(&quick, &mut || Ok(())).unwrap().path(), quick);
        let mut looks = 0;
        let given_up = stores.get(&slow, &mut || {
            looks += 1;
            if looks < 3 {
                Ok(())
            } else {
                Err(Stop::Deadline)
            }
        });
        assert!(matches!(
            given_up.map(|_| ()),
            Err(StoreError::Stop(Stop::Deadline))
        ));
        stores.close();
        drop(opening);
        assert_eq!(
            stores
                .get(&slow, &mut || Err(Stop::Deadline))
                .unwrap()
                .path(),
            slow
        );
    }
}
