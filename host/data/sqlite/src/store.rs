//! One database: its file, the connections to it, and the line of its writers.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fractalaw_data_call::{Budget, Stop};
use rusqlite::{Connection, ErrorCode};
use tempfile::TempDir;

use crate::desk;
use crate::error::StoreError;
use crate::grants::Grants;
use crate::guard::lock;
use crate::inner::{Conditions, Inner};
use crate::limits::OPEN_WAIT;
use crate::others::while_busy;
use crate::pending::{Ledgers, Pending, Verdict};
use crate::run::Run;

/// A database for runs of micro-apps.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

impl Store {
    /// Opens the database in a file and puts it into WAL mode. If a host that is gone left a run between the ledger's closing
    /// and the commit, it is settled first, and so is one that a run meets later when it wants to write. `verdict` says what
    /// the ledger has about the run with that identity.
    pub fn open(
        path: &Path,
        verdict: impl Fn(&str) -> Verdict + Send + Sync + 'static,
    ) -> Result<Store, StoreError> {
        let ledgers = Ledgers {
            verdict: Box::new(verdict),
            unsettled: Box::new(|_| {}),
        };
        Store::open_for(path, ledgers, || Ok(()))
    }

    /// The same for a run. While something holds the database, `look` says whether the run may go on.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stop`] if it may not.
    pub fn open_for(
        path: &Path,
        ledgers: Ledgers,
        mut look: impl FnMut() -> Result<(), Stop>,
    ) -> Result<Store, StoreError> {
        // A device keeps nothing that is written to it. SQLite's own messages about others do not say what they are.
        if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(StoreError::NotAFile {
                path: path.to_owned(),
            });
        }
        let connection = desk::connect(path, false)?;
        let failed = |cause: rusqlite::Error| StoreError::Open {
            path: path.to_owned(),
            hint: hint(&cause),
            cause,
        };
        // The first read finds out whether the file is a database, and whether its format may be written.
        while_busy(OPEN_WAIT, &mut look, || {
            connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))
        })?
        .map_err(failed)?;
        let read_only = connection.is_readonly("main").map_err(failed)?;
        if !read_only {
            check_name(path)?;
            let mode: String = while_busy(OPEN_WAIT, &mut look, || {
                connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))
            })?
            .map_err(failed)?;
            if mode != "wal" {
                let path = path.to_owned();
                return Err(StoreError::Journal { path, mode });
            }
        }
        let mut pending = None;
        if !read_only {
            let mut record = Pending::open(path, ledgers)?;
            record.settle_left(&mut look)?;
            pending = Some(Mutex::new(record));
        }
        Ok(Store::new(path.to_owned(), read_only, true, pending, None))
    }

    /// A database that is removed with the store. It is in a temporary folder of its own, because a file is
    /// needed for readers and a writer at once.
    pub fn temporary(
        set_up: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<Store, StoreError> {
        let folder = tempfile::Builder::new()
            .prefix("fractalaw-data-")
            .tempdir()
            .map_err(|cause| StoreError::Pending {
                path: std::env::temp_dir(),
                cause,
            })?;
        let path = folder.path().join("data.db");
        fs::File::create(&path).map_err(|cause| StoreError::Pending {
            path: path.clone(),
            cause,
        })?;
        let connection = desk::connect(&path, false)?;
        connection
            .execute_batch("PRAGMA synchronous = OFF")
            .and_then(|()| connection.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(())))
            .and_then(|()| set_up(&connection))
            .map_err(|cause| StoreError::Sqlite {
                path: path.clone(),
                cause,
            })?;
        Ok(Store::new(path, false, false, None, Some(folder)))
    }

    fn new(
        path: PathBuf,
        read_only: bool,
        durable: bool,
        pending: Option<Mutex<Pending>>,
        folder: Option<TempDir>,
    ) -> Store {
        Store {
            inner: Arc::new(Inner {
                path,
                read_only,
                durable,
                line: Arc::default(),
                idle: Mutex::default(),
                pending,
                _folder: folder,
            }),
        }
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Closes the connections that no run uses. With the last one, SQLite moves its log into the database's file and
    /// removes it, so that a copy of the file has everything.
    pub fn rest(&self) {
        lock(&self.inner.idle).clear();
    }

    /// What an operator should know about these grants: names that do not exist, and views, triggers and foreign
    /// keys that reach what is not granted.
    pub fn check(&self, grants: &Grants) -> Result<Vec<StoreError>, StoreError> {
        self.check_for(grants, || Ok(()))
    }

    /// The same for a run. While something holds the database, `look` says whether the run may go on.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stop`] if it may not.
    pub fn check_for(
        &self,
        grants: &Grants,
        mut look: impl FnMut() -> Result<(), Stop>,
    ) -> Result<Vec<StoreError>, StoreError> {
        let mut desk = self.inner.new_desk(grants, &mut look)?;
        let problems = std::mem::take(&mut desk.problems);
        // The run that is about to begin uses the connection.
        self.inner.put_back(desk, grants);
        Ok(problems)
    }

    /// Begins a run that may use what is granted. Nothing is opened before its first call.
    pub fn run(&self, grants: Arc<Grants>, conditions: Conditions, budget: Box<dyn Budget>) -> Run {
        Run::new(Arc::clone(&self.inner), grants, conditions, budget)
    }
}

fn hint(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "name an SQLite database, or an empty file for a new one",
        Some(ErrorCode::DatabaseCorrupt) => "restore it from a copy",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "end the program that holds it, or try again"
        }
        _ => "name an SQLite database that this user may write, in a folder that may be written",
    }
}

/// SQLite keeps its log beside the name of a database. With two names, there would be two logs, and changes would be
/// lost. Symbolic links are harmless, because they are followed first.
fn check_name(path: &Path) -> Result<(), StoreError> {
    let path = path.to_owned();
    match fs::metadata(&path) {
        Ok(found) if found.nlink() > 1 => Err(StoreError::TwoNames { path }),
        _ => Ok(()),
    }
}
