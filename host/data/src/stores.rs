//! The databases of a host. Each is opened when a run first calls for it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, TryLockError};
use std::thread;

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

/// A database with an ADBC driver.
type AdbcSlot = Arc<Mutex<Adbc>>;

#[derive(Default)]
enum Adbc {
    #[default]
    Closed,
    /// A thread opens it for all runs that wait.
    Opening(Opening),
    Open(fractalaw_adbc_client::Store),
}

/// What came of opening a database, when it is known.
type Opening = Arc<OnceLock<Result<fractalaw_adbc_client::Store, Arc<OpenError>>>>;

/// Why a run has no database with an ADBC driver.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// The run may not wait any longer.
    Stop(Stop),
    Failed(Arc<OpenError>),
}

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
            thread::sleep(OPEN_LOOK);
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
        let these = (store.path().to_owned(), Arc::clone(grants));
        let is_new =
            |checked: &HashSet<_>| checked.len() < CHECKED_GRANTS && !checked.contains(&these);
        if is_new(&lock(&self.checked)) {
            let problems = store.check_for(grants, look)?;
            // If the run was stopped meanwhile, the next one checks. If another run was as quick, it tells.
            if !lock(&self.checked).insert(these) {
                return Ok(store);
            }
            for problem in &problems {
                self.operator.warn(Warning::new(file, problem));
            }
        }
        Ok(store)
    }

    /// The database behind a driver. The first run that uses it opens it. A server can take long to answer, so `look` says whether to
    /// wait. If it cannot be opened, that is the answer for all runs that waited.
    pub(crate) fn adbc(
        &self,
        settings: &Settings,
        look: &mut Look<'_>,
    ) -> Result<fractalaw_adbc_client::Store, NotOpened> {
        let slot = Arc::clone(lock(&self.adbc).entry(settings.clone()).or_default());
        let mut state = lock(&slot);
        let opening = match &*state {
            Adbc::Open(store) => return Ok(store.clone()),
            Adbc::Opening(opening) => Arc::clone(opening),
            Adbc::Closed => {
                let opening = Opening::default();
                *state = Adbc::Opening(Arc::clone(&opening));
                let program = self.adbc_program.get_or_init(beside_the_host).clone();
                let (slot, settings, result) =
                    (Arc::clone(&slot), settings.clone(), Arc::clone(&opening));
                thread::spawn(move || {
                    let opened = fractalaw_adbc_client::Store::open(&settings, &program);
                    *lock(&slot) = match &opened {
                        Ok(store) => Adbc::Open(store.clone()),
                        Err(_) => Adbc::Closed,
                    };
                    let _ = result.set(opened.map_err(Arc::new));
                });
                opening
            }
        };
        drop(state);
        loop {
            if let Some(opened) = opening.get() {
                return opened.clone().map_err(NotOpened::Failed);
            }
            look().map_err(NotOpened::Stop)?;
            thread::sleep(OPEN_LOOK);
        }
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
    use std::os::unix::fs::PermissionsExt;

    use rusqlite::Connection;

    use super::*;

    fn past_the_deadline_at_the_third_look() -> impl FnMut() -> Result<(), Stop> {
        let mut looks = 0;
        move || {
            looks += 1;
            match looks {
                ..3 => Ok(()),
                _ => Err(Stop::Deadline),
            }
        }
    }

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
        let given_up = stores.get(&slow, &mut past_the_deadline_at_the_third_look());
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

    /// A server that does not answer holds up each run as long as it may wait, the one that opens the database too.
    #[test]
    fn a_driver_that_does_not_answer_holds_up_no_run_past_its_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        // It ends when this process does.
        std::fs::write(&program, "#!/bin/sh\nexec cat\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let stores = Stores::default();
        stores.set_adbc_program(program);
        let settings = Settings {
            driver: "duckdb".to_owned(),
            path: Some(folder.path().join("data.duckdb")),
            uri: None,
            library: None,
            entrypoint: None,
            options: Default::default(),
        };
        for _ in 0..2 {
            let given_up = stores.adbc(&settings, &mut past_the_deadline_at_the_third_look());
            assert!(matches!(
                given_up.map(|_| ()),
                Err(NotOpened::Stop(Stop::Deadline))
            ));
        }
    }

    /// What an operator should know of grants is told by the first run that could check them.
    #[test]
    fn a_warning_is_told_though_the_first_run_was_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().canonicalize().unwrap().join("data.db");
        let owner = Connection::open(&file).unwrap();
        owner.execute_batch("CREATE TABLE t (a)").unwrap();
        let stores = Stores::default();
        let grants = Arc::new(Grants::new(&["t", "none"], &[] as &[&str]).unwrap());
        stores.get(&file, &mut || Ok(())).unwrap();
        // Somebody closes the database, so the check has to wait.
        owner
            .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
            .unwrap();
        let stopped = stores.for_run(&file, &grants, &mut || Err(Stop::Deadline));
        assert!(matches!(
            stopped.map(|_| ()),
            Err(StoreError::Stop(Stop::Deadline))
        ));
        drop(owner);
        for told in [1, 0] {
            stores.for_run(&file, &grants, &mut || Ok(())).unwrap();
            assert_eq!(stores.operator.take_warnings().len(), told);
        }
    }
}
