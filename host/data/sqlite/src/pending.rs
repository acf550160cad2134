//! The record of a run that waits for the ledger. It is a file beside the database. After a crash, it is used to
//! settle the run.
//!
//! A transaction of SQLite cannot stay prepared over a crash, and the ledger's closing decides about a run. So
//! before the closing is written, the run's changes are written here and synced. Its transaction stays open
//! meanwhile: nobody else can write, and nobody sees the changes. After the closing, the transaction is
//! committed, and then the record is emptied. After a crash, the record and the ledger tell which of these cases
//! it is:
//!
//! | the record | the ledger | the database | so the crash came | and the record is |
//! |---|---|---|---|---|
//! | torn, or none | no closing | as before | before or while the record was written | ignored |
//! | whole | not completed | as before | before the closing, or after a closing with another outcome | dropped |
//! | whole | completed | as before | before the commit | applied again |
//! | whole | completed | as after | after the commit | dropped |
//!
//! The rows themselves show whether the database is as before or as after. They can be nothing else, because no
//! other run of any host begins to write while there is a record. If they are something else, another program has
//! changed them, and a person must decide.
//!
//! The host that wrote the record holds the file's lock until it has emptied it. If the lock is free, that host is dead. Then the next host
//! that opens the database or wants to write settles the run, whoever's it is: see `settling`. It would be wrong to do that for a host that
//! is alive: when that host empties the record at last, the record could be another run's.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};

use crate::changes::Changes;
use crate::codec;
use crate::error::StoreError;
use crate::limits::{FILE_CLOCK_TICK, LINE_LOOK, OTHERS_WAIT, PENDING_BYTES};
use crate::others::Look;

const MAGIC: &[u8; 24] = b"fractalaw-data-pending\0\n";
const FORMAT: u32 = 1;
const HEAD: usize = MAGIC.len() + 4 + 8;

/// The record is beside the file itself, where SQLite's log is too, and not beside a symbolic link to it.
fn beside(database: &Path) -> PathBuf {
    let database = database
        .canonicalize()
        .unwrap_or_else(|_| database.to_owned());
    let mut path = database.into_os_string();
    path.push("-pending");
    PathBuf::from(path)
}

/// Whether a run waits beside this database to be settled. A symbolic link stands for the file.
pub fn is_unsettled(database: &Path) -> bool {
    let found = beside(database).symlink_metadata();
    found.is_ok_and(|found| found.len() > 0)
}

/// Makes sure that no record comes back beside this database after the power fails. See [`Pending::stay_empty`].
pub(crate) fn stay_empty(database: &Path) -> std::io::Result<()> {
    match File::open(beside(database)) {
        Ok(record) => record.sync_data(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// What the ledger says about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its closing says that it completed.
    Completed,
    /// It has another closing, or none. What it did to data takes no effect.
    NotCompleted,
    /// Its ledger cannot be asked.
    Unknown,
}

/// What a store asks about runs that wait to be settled, and whom it tells of those that it cannot settle.
pub struct Ledgers {
    /// What the ledger of the run with this identity has about it.
    pub verdict: Box<dyn Fn(&str) -> Verdict + Send + Sync>,
    /// Is told why a run stays unsettled until a person does something. It is told again by each run that cannot write for that reason.
    pub unsettled: Box<dyn Fn(&StoreError) + Send + Sync>,
}

/// The record's file. It is made once and stays, empty, so that its folder needs no sync for each run.
pub(crate) struct Pending {
    file: File,
    pub(crate) path: PathBuf,
    pub(crate) database: PathBuf,
    pub(crate) ledgers: Ledgers,
    /// The run of this store whose record was not emptied since, and what its ledger says of it as far as this store knows.
    pub(crate) own: Option<(String, Verdict)>,
    /// When the file was changed last, at the time of the last [`Pending::stay_empty`].
    synced: Option<SystemTime>,
}

impl Pending {
    pub(crate) fn open(database: &Path, ledgers: Ledgers) -> Result<Pending, StoreError> {
        let path = beside(database);
        let failed = |cause| StoreError::Pending {
            path: path.clone(),
            cause,
        };
        match path.symlink_metadata() {
            Ok(found) if !found.is_file() => {
                return Err(failed(std::io::Error::new(
                    ErrorKind::InvalidInput,
                    "expected a regular file",
                )));
            }
            _ => {}
        }
        let is_new = !path.exists();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        if is_new {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(failed)?;
            folder.sync_all().map_err(failed)?;
        }
        Ok(Pending {
            file,
            path,
            database: database.to_owned(),
            ledgers,
            own: None,
            synced: None,
        })
    }

    fn failed(&self, cause: std::io::Error) -> StoreError {
        StoreError::Pending {
            path: self.path.clone(),
            cause,
        }
    }

    /// Fails if there is a record. The caller holds the database's write lock.
    pub(crate) fn check_empty(&self) -> Result<(), StoreError> {
        match self.file.metadata() {
            Ok(found) if found.len() == 0 => Ok(()),
            Ok(_) => Err(StoreError::Unsettled {
                path: self.path.clone(),
            }),
            Err(cause) => Err(self.failed(cause)),
        }
    }

    /// Writes down what a run changed, and returns when it is on disk.
    pub(crate) fn write(
        &mut self,
        run: &str,
        changes: &Changes,
        look: &mut Look<'_>,
    ) -> Result<(), StoreError> {
        self.lock(look)?;
        let body = codec::write(run, changes);
        let mut bytes = Vec::with_capacity(HEAD + body.len() + 32);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&body);
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        self.own = Some((run.to_owned(), Verdict::Unknown));
        let written = self.file.seek(SeekFrom::Start(0)).and_then(|_| {
            self.file.write_all(&bytes)?;
            self.file.sync_data()
        });
        if let Err(cause) = written {
            // A record that was written in part must not hinder the next run.
            let _ = self.clear();
            return Err(self.failed(cause));
        }
        Ok(())
    }

    /// Takes the file's lock. Another host has it for a moment after it has emptied the record, and a program that is no host can have it for
    /// long.
    fn lock(&self, look: &mut Look<'_>) -> Result<(), StoreError> {
        let began = Instant::now();
        loop {
            match self.file.try_lock() {
                Err(TryLockError::WouldBlock) => look()?,
                // A system that has no such locks does without them.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(()),
            }
            if began.elapsed() > OTHERS_WAIT {
                let held =
                    "another program holds the file's lock\nhint: stop the program, and run again";
                return Err(self.failed(std::io::Error::new(ErrorKind::ResourceBusy, held)));
            }
            std::thread::sleep(LINE_LOOK);
        }
    }

    /// Empties the record, because the run is settled. This is not synced: if the record comes back after the power failed, it is judged
    /// again, and nothing has changed the rows meanwhile. The next record is written over it. Before a commit that has no record,
    /// [`Pending::stay_empty`] must be called.
    pub(crate) fn clear(&mut self) -> Result<(), StoreError> {
        let cleared = self.file.set_len(0);
        if cleared.is_ok() {
            self.own = None;
        }
        self.unlock();
        cleared.map_err(|cause| self.failed(cause))
    }

    /// Makes sure that an emptied record does not come back after the power fails. Otherwise, if a commit without a record had taken its
    /// rows back, it would be applied again. Mostly nothing has changed since the last call, and nothing is synced.
    pub(crate) fn stay_empty(&mut self) -> Result<(), StoreError> {
        let found = self.file.metadata().and_then(|found| found.modified());
        let changed = found.map_err(|cause| self.failed(cause))?;
        if self.synced != Some(changed) {
            self.file.sync_data().map_err(|cause| self.failed(cause))?;
            // Another change can come within the same tick of the file system's clock, and would not show.
            let is_past = changed.elapsed().is_ok_and(|age| age > FILE_CLOCK_TICK);
            self.synced = is_past.then_some(changed);
        }
        Ok(())
    }

    /// Keeps what the ledger says of the run in the record, because it could not be settled now.
    pub(crate) fn owe(&mut self, verdict: Verdict) {
        if let Some(own) = &mut self.own {
            own.1 = verdict;
        }
    }

    /// Takes the file's lock, and says whether the host that wrote the record is gone or is this one. Where the system has no locks for
    /// files, it is gone when it has had `waited` for its commit.
    pub(crate) fn is_left(&self, waited: Duration) -> bool {
        match self.file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(_)) => waited > OTHERS_WAIT / 2,
        }
    }

    /// Gives back the file's lock.
    pub(crate) fn unlock(&self) {
        let _ = self.file.unlock();
    }

    /// The run in the record, if the record is whole.
    pub(crate) fn read(&mut self) -> Result<Option<(String, Changes)>, StoreError> {
        let mut bytes = Vec::new();
        self.file
            .seek(SeekFrom::Start(0))
            .map_err(|cause| self.failed(cause))?;
        let read = (&self.file).take(PENDING_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|cause| self.failed(cause))?;
        let Some((signed, digest)) = bytes.split_at_checked(bytes.len().saturating_sub(32)) else {
            return Ok(None);
        };
        if signed.len() < HEAD
            || Sha256::digest(signed).as_slice() != digest
            || !signed.starts_with(MAGIC)
        {
            return Ok(None);
        }
        let format_known = signed[MAGIC.len()..].starts_with(&FORMAT.to_le_bytes());
        let read = codec::read(&signed[HEAD..]).filter(|_| format_known);
        // The record is whole, so a run relies on it.
        read.map(Some).ok_or_else(|| StoreError::PendingFormat {
            path: self.path.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Ledgers, Pending, Verdict};
    use crate::changes::Changes;

    /// The file's time tells of a change only if the last one was in an earlier tick of the clock.
    #[test]
    fn an_emptying_is_synced_also_in_the_tick_of_the_last_one() {
        let folder = tempfile::tempdir().unwrap();
        let ledgers = Ledgers {
            verdict: Box::new(|_| Verdict::Unknown),
            unsettled: Box::new(|_| {}),
        };
        let mut pending = Pending::open(&folder.path().join("data.db"), ledgers).unwrap();
        for _ in 0..2 {
            pending
                .write("run", &Changes::default(), &mut || Ok(()))
                .unwrap();
            pending.clear().unwrap();
            pending.stay_empty().unwrap();
            assert_eq!(pending.synced, None);
        }
        let earlier = SystemTime::now() - Duration::from_secs(3600);
        pending.file.set_modified(earlier).unwrap();
        pending.stay_empty().unwrap();
        let found = pending.file.metadata().unwrap().modified().unwrap();
        assert_eq!(pending.synced, Some(found));
    }
}
