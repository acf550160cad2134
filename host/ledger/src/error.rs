//! Why a ledger cannot be written or read. Tampering is a [`Flaw`] instead, unless the ledger is so damaged that
//! it cannot be read.
//!
//! [`Flaw`]: crate::Flaw

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::descriptors;
use crate::entry::Hash;

/// Why a ledger could not be made, opened, appended to or read. If appending fails, nothing of that append is in
/// the ledger.
///
/// The error can be cloned, because one transaction can fail many runs.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file does not exist.
    #[error("there is no ledger `{}`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file already exists.
    #[error("`{}` is already there, expected to make a new ledger", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("`{}` is no ledger: {why}", path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// What it is, or what it lacks.
        why: String,
    },
    /// Another version of this program wrote it.
    #[error("`{}` has format {found}, expected {expected}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The format that this program knows.
        expected: i64,
    },
    /// Its tables or triggers are not those that it was made with.
    #[error("the schema of `{}` was altered: {what}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The difference.
        what: String,
    },
    /// It cannot be read as a database.
    #[error("`{}` is damaged: {message}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        message: String,
    },
    /// A field is not as the format says.
    #[error("{} is malformed: `{field}` is {found}, expected {expected}", place(*entry_id))]
    Malformed {
        /// The entry, if it is known; `None` for the ledger's own record.
        entry_id: Option<u64>,
        /// The field.
        field: &'static str,
        /// What it contains.
        found: String,
        /// What it should contain.
        expected: &'static str,
    },
    /// The ledger's own record of its length and head does not match its last entry.
    #[error(
        "the ledger records {recorded_count} entries with the head {recorded_head}, and the last entry is {last} with the hash {head}"
    )]
    Head {
        /// The recorded number of entries.
        recorded_count: u64,
        /// The recorded hash of the last entry.
        recorded_head: Hash,
        /// The id of the last entry that is there.
        last: u64,
        /// The hash of that entry.
        head: Hash,
    },
    /// It is read-only.
    #[error("`{}` is read-only, expected to append to it", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Its name does not lead to the open files.
    #[error("the name of `{}` no longer leads to the ledger that is open: {what}", path.display())]
    Moved {
        /// The file.
        path: PathBuf,
        /// What changed.
        what: String,
    },
    /// It has several names.
    #[error("`{}` has {links} names, expected one", path.display())]
    Linked {
        /// The file.
        path: PathBuf,
        /// The number of hard links.
        links: u64,
    },
    /// A file or folder that it depends on can be changed by somebody who may not write the ledger.
    #[error("`{}` cannot be relied on: {why}", path.display())]
    Strange {
        /// The file or folder beside or above the ledger.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A file of another ledger is beside it.
    #[error("`{}` is left of something else, expected nothing there", path.display())]
    Leftover {
        /// That file.
        path: PathBuf,
    },
    /// The log turns the file into another ledger, or into an older state of it.
    #[error("the `-wal` file of `{}` does not belong to it: it would make another ledger of it, or an older one", path.display())]
    OtherLog {
        /// The ledger.
        path: PathBuf,
    },
    /// An entry that was in it is gone.
    #[error("`{}` was changed by others: entry {entry_id}, which was in it, is gone", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// The entry.
        entry_id: u64,
    },
    /// Its newest entries are in a log that cannot be used here.
    #[error("the newest entries of `{}` are in its `-wal` file, and its folder cannot be written", path.display())]
    Unmerged {
        /// The file.
        path: PathBuf,
    },
    /// The disk is full, or the file may not grow.
    #[error("there is no space left for `{}`", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The system did not write what it was given.
    #[error("the system did not write to `{}`", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
    },
    /// Another program held the lock for too long.
    #[error("`{}` is locked by another program, waited {waited:?}", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long this program waited.
        waited: Duration,
    },
    /// A text is longer than a field may be.
    #[error("`{field}` has {bytes} bytes, expected at most {limit}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// The length of the text in bytes.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A number is larger than SQLite can store.
    #[error("`{field}` is {value}, expected at most 2^63 - 1")]
    TooLarge {
        /// The field.
        field: &'static str,
        /// The value.
        value: u64,
    },
    /// The key is not the ledger's.
    #[error("the key is not the one that `{}` was made with", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("could not use `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// Any other error of SQLite.
    #[error("could not use the ledger `{}`", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: Arc<rusqlite::Error>,
    },
    /// The thread that appends could not be started, or has ended.
    #[error("the thread that appends to `{}` is not there", path.display())]
    NoWriter {
        /// The file.
        path: PathBuf,
    },
}

/// SQLite's errors if the system refuses to write a file or to let it grow.
const NOT_WRITTEN: [i32; 4] = [
    rusqlite::ffi::SQLITE_IOERR_WRITE,
    rusqlite::ffi::SQLITE_IOERR_SHMSIZE,
    rusqlite::ffi::SQLITE_IOERR_TRUNCATE,
    rusqlite::ffi::SQLITE_IOERR_FSYNC,
];

fn place(entry_id: Option<u64>) -> String {
    match entry_id {
        Some(id) => format!("entry {id}"),
        None => "the ledger's own record".to_owned(),
    }
}

impl LedgerError {
    /// What the reader can do about it, if there is something.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            LedgerError::Missing { path } => {
                let path = shown(path);
                format!("make one with `fractalaw ledger init {path} --key {path}.key --node NAME`")
            }
            LedgerError::Exists { .. } => "name a file that is not there yet".to_owned(),
            LedgerError::NotALedger { .. } => {
                "name the file that `fractalaw ledger init` made".to_owned()
            }
            LedgerError::Format { .. } => "use the program that wrote it".to_owned(),
            LedgerError::Schema { .. }
            | LedgerError::Corrupt { .. }
            | LedgerError::Head { .. }
            | LedgerError::Lost { .. } => {
                "keep the file as it is, begin a new ledger, and compare with a copy and the last checkpoint"
                    .to_owned()
            }
            LedgerError::ReadOnly { .. } => {
                "give the host's user write access to the file and its folder".to_owned()
            }
            LedgerError::Moved { .. } => {
                "put it back, its `-wal` beside it, and run `fractalaw ledger verify`; move or copy a ledger only while \
                 nobody has it open"
                    .to_owned()
            }
            LedgerError::Linked { path, .. } => format!(
                "SQLite keeps newest entries beside one of the names: remove the others (`find -samefile {}`), or make \
                 a copy instead",
                shown(path)
            ),
            LedgerError::Strange { .. } => {
                "keep the ledger in a folder that only the host's user can write to; a `-wal` file that another user \
                 put there is none of the ledger's"
                    .to_owned()
            }
            LedgerError::Leftover { .. } => {
                "SQLite would take it up: put it back beside the file that it belongs to, or move it away".to_owned()
            }
            LedgerError::OtherLog { .. } => {
                "move the `-wal` file away and keep it: it may hold the newest entries of another ledger, or of another \
                 copy of this one"
                    .to_owned()
            }
            LedgerError::Unmerged { path } => format!(
                "copy `{0}` and `{0}-wal` together into a folder of your own",
                shown(path)
            ),
            LedgerError::Full { .. } => "make space; nothing is lost that was acknowledged".to_owned(),
            LedgerError::NotWritten { .. } => {
                "look for a limit to the size of files (`ulimit -f`), then at the disk: the system's log says more; \
                 nothing is lost that was acknowledged"
                    .to_owned()
            }
            LedgerError::Locked { .. } => {
                "end the program that holds a transaction open, or wait longer".to_owned()
            }
            LedgerError::Io { source, .. } => descriptors::hint(source)?.to_owned(),
            _ => return None,
        };
        Some(hint)
    }

    /// Whether the ledger is not as it was written. Otherwise it could not be reached.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            LedgerError::Schema { .. }
                | LedgerError::Corrupt { .. }
                | LedgerError::Malformed { .. }
                | LedgerError::Head { .. }
                | LedgerError::OtherLog { .. }
                | LedgerError::Lost { .. }
        )
    }

    /// Reads an error of SQLite.
    pub(crate) fn sqlite(path: &Path, waited: Duration, error: rusqlite::Error) -> LedgerError {
        let path = path.to_owned();
        let code = error.sqlite_error().map(|error| error.extended_code);
        if code.is_some_and(|code| NOT_WRITTEN.contains(&code)) {
            return LedgerError::NotWritten { path };
        }
        let code = error.sqlite_error_code();
        if matches!(
            code,
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure)
        ) && let Some(source) = descriptors::exhausted()
        {
            return LedgerError::io(&path, source);
        }
        match code {
            Some(ErrorCode::DiskFull) => LedgerError::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                LedgerError::Locked { path, waited }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                LedgerError::ReadOnly { path }
            }
            Some(ErrorCode::NotADatabase) => LedgerError::NotALedger {
                path,
                why: "it is no SQLite database".to_owned(),
            },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::TooBig) => LedgerError::Corrupt {
                path,
                message: error.to_string(),
            },
            _ => LedgerError::Sqlite {
                path,
                source: Arc::new(error),
            },
        }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> LedgerError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => LedgerError::Missing { path },
            io::ErrorKind::AlreadyExists => LedgerError::Exists { path },
            io::ErrorKind::StorageFull => LedgerError::Full { path },
            _ => LedgerError::Io {
                path,
                source: Arc::new(source),
            },
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
