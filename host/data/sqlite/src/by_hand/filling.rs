//! Fills a database from files: from all of them, or from none.

use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization, TransactionOperation};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempPath;

use super::error::ByHandError;
use crate::catalogue::{Catalogue, Kind};
use crate::ffi::{Engine, RowChange};
use crate::functions;
use crate::guard::lock;
use crate::import::{self, ImportError};
use crate::pending::{is_unsettled, stay_empty};

/// How many rows of a table were changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were added.
    pub inserted: u64,
    /// Rows that were changed.
    pub updated: u64,
    /// Rows that were removed.
    pub deleted: u64,
}

type SharedCounts = Arc<Mutex<BTreeMap<String, Counts>>>;

/// A database that is being filled. If it is dropped before [`Filling::finish`], it is as before.
pub struct Filling {
    /// `None` when it is committed.
    engine: Option<Engine>,
    counts: SharedCounts,
    /// Whether what SQLite compiles comes from a file.
    is_importing: Arc<AtomicBool>,
    path: PathBuf,
    /// A new database, until it gets its name. It is removed after its connection is closed.
    made: Option<TempPath>,
}

impl Filling {
    /// Opens a database and keeps others from writing there, or makes a new one that nobody sees before it is filled.
    pub fn begin(path: &Path) -> Result<Filling, ByHandError> {
        let failed = |source| ByHandError::of(path, source);
        let io = |source| ByHandError::Io {
            path: path.to_owned(),
            source,
        };
        let made = match path.symlink_metadata() {
            Ok(_) if !path.is_file() => {
                return Err(ByHandError::NotAFile {
                    path: path.to_owned(),
                });
            }
            Ok(_) => None,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                has_no_log(path)?;
                Some(make_beside(path).map_err(io)?)
            }
            Err(error) => return Err(io(error)),
        };
        let place = std::path::absolute(made.as_deref().unwrap_or(path)).map_err(io)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(place, flags).map_err(failed)?;
        let is_importing = Arc::new(AtomicBool::new(false));
        let of_file = Arc::clone(&is_importing);
        connection
            .authorizer(Some(move |context: AuthContext<'_>| {
                match of_file.load(Ordering::Relaxed) {
                    true => transactions_are_ours(&context),
                    false => Authorization::Allow,
                }
            }))
            .map_err(failed)?;
        let mut engine = Engine::new(connection);
        let counts = SharedCounts::default();
        let counted = Arc::clone(&counts);
        engine.watch(Box::new(move |change| count(&counted, change)));
        let filling = Filling {
            engine: Some(engine),
            counts,
            is_importing,
            path: path.to_owned(),
            made,
        };
        filling.connection(|connection| {
            functions::install_distance(connection)?;
            connection.execute_batch(
                "PRAGMA foreign_keys = ON; BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON",
            )
        })?;
        // A host that is alive holds the lock as long as its run waits, so this run's host is not alive.
        if is_unsettled(path) {
            return Err(ByHandError::Unsettled {
                path: path.to_owned(),
            });
        }
        Ok(filling)
    }

    fn connection<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ByHandError> {
        let engine = self
            .engine
            .as_ref()
            .expect("it is over only when it is dropped");
        work(engine.connection()).map_err(|source| ByHandError::of(&self.path, source))
    }

    /// Runs a file of SQL, or adds the rows of a file to the table that is named, or that has the file's name.
    pub fn import(&mut self, file: &Path, table: Option<&str>) -> Result<(), ByHandError> {
        let is_over = self.connection(|connection| {
            self.is_importing.store(true, Ordering::Relaxed);
            let imported = import::into(connection, file, table);
            self.is_importing.store(false, Ordering::Relaxed);
            Ok(imported.map(|()| connection.is_autocommit()))
        })??;
        if is_over {
            return Err(ImportError::RolledBack {
                path: file.to_owned(),
            }
            .into());
        }
        Ok(())
    }

    /// Makes everything take effect, and returns how many rows of which tables were changed, by name.
    pub fn finish(mut self) -> Result<Vec<(String, Counts)>, ByHandError> {
        let engine = self
            .engine
            .as_ref()
            .expect("it is over only when it is dropped");
        if engine.breaks_deferred_keys() {
            return Err(self.connection(broken_key)?);
        }
        stay_empty(&self.path).map_err(|source| ByHandError::Io {
            path: self.path.clone(),
            source,
        })?;
        let catalogue = self.connection(|connection| {
            let catalogue = Catalogue::read(connection)?;
            connection.execute_batch("COMMIT")?;
            Ok(catalogue)
        })?;
        self.engine = None;
        if let Some(made) = self.made.take() {
            give_name(made, &self.path)?;
        }
        let counts = std::mem::take(&mut *lock(&self.counts));
        Ok(shown(counts, &catalogue))
    }
}

/// An empty file in the same folder. Its name begins with that of the database.
fn make_beside(path: &Path) -> io::Result<TempPath> {
    let folder = folder_of(path);
    folder.metadata()?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push("-import-");
    let made = tempfile::Builder::new()
        .prefix(&name)
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)
        // The system's error names a file that nobody knows.
        .map_err(|error| io::Error::from(error.kind()))?;
    Ok(made.into_temp_path())
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent();
    folder
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Gives the new database its name, unless another program has used the name meanwhile.
fn give_name(made: TempPath, path: &Path) -> Result<(), ByHandError> {
    let io = |source| ByHandError::Io {
        path: path.to_owned(),
        source,
    };
    has_no_log(path)?;
    made.persist_noclobber(path)
        .map_err(|error| match error.error.kind() {
            ErrorKind::AlreadyExists => ByHandError::Taken {
                path: path.to_owned(),
            },
            _ => io(error.error),
        })?;
    File::open(folder_of(path))
        .and_then(|folder| folder.sync_all())
        .map_err(io)
}

/// SQLite would apply a log that it finds beside a database, whosever it is.
fn has_no_log(path: &Path) -> Result<(), ByHandError> {
    for end in ["-journal", "-wal"] {
        let mut log = path.as_os_str().to_owned();
        log.push(end);
        let log = PathBuf::from(log);
        if log.symlink_metadata().is_ok() {
            return Err(ByHandError::Log {
                path: path.to_owned(),
                log,
            });
        }
    }
    Ok(())
}

fn count(counts: &SharedCounts, change: &RowChange<'_>) {
    let mut counts = lock(counts);
    if !counts.contains_key(change.table) {
        counts.insert(change.table.to_owned(), Counts::default());
    }
    if let Some(counts) = counts.get_mut(change.table) {
        match (change.has_old, change.has_new) {
            (false, _) => counts.inserted += 1,
            (true, true) => counts.updated += 1,
            (true, false) => counts.deleted += 1,
        }
    }
}

/// The counts as people see them: those of a full-text table are its own, and its inner tables are left out.
fn shown(counts: BTreeMap<String, Counts>, catalogue: &Catalogue) -> Vec<(String, Counts)> {
    let counts = counts.into_iter().filter_map(|(name, counts)| {
        if catalogue
            .get(&name)
            .is_none_or(|table| table.kind != Kind::Shadow)
        {
            return Some((name, counts));
        }
        let owner = catalogue.get(name.strip_suffix("_content")?)?;
        Some((owner.name.clone(), counts))
    });
    let mut counts: Vec<_> = counts.collect();
    counts.sort_by(|(one, _), (two, _)| one.cmp(two));
    counts
}

/// What is imported is one transaction, whatever the files say. Files that SQLite itself writes begin and commit one.
fn transactions_are_ours(context: &AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Transaction {
            operation: TransactionOperation::Rollback,
        } => Authorization::Deny,
        AuthAction::Transaction { .. } => Authorization::Ignore,
        _ => Authorization::Allow,
    }
}

/// Names a row that points to no row, which SQLite's own error does not.
fn broken_key(connection: &Connection) -> rusqlite::Result<ByHandError> {
    connection.query_row(
        "SELECT \"table\", CAST(coalesce(rowid, '?') AS TEXT), parent FROM pragma_foreign_key_check LIMIT 1",
        (),
        |row| {
            Ok(ByHandError::BrokenKey {
                table: row.get(0)?,
                row: row.get(1)?,
                parent: row.get(2)?,
            })
        },
    )
}
