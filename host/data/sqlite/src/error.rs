//! What goes wrong with a database, as the host's operator is told it.

use std::path::PathBuf;

use fractalaw_data_call::Stop;
use thiserror::Error;

use crate::busy::Busy;

/// Why data cannot be opened, or why what a run did cannot be settled. The messages have their causes in them, so the causes are not
/// told again as sources.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file does not exist or cannot be read.
    #[error("cannot open `{path}`: {cause}\nhint: {hint}")]
    Open {
        /// The database.
        path: PathBuf,
        /// SQLite's error.
        cause: rusqlite::Error,
        /// What to do.
        hint: &'static str,
    },
    /// It is a folder or a device, for example.
    #[error("`{path}` is not a regular file, expected an SQLite database")]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// The file has several names.
    #[error(
        "`{path}` is a file with another name too, a hard link, and SQLite would keep a log of its own for each\nhint: \
         remove the other names, or name a copy of the file"
    )]
    TwoNames {
        /// The database.
        path: PathBuf,
    },
    /// The file system gives processes no shared memory, for example.
    #[error(
        "`{path}` stays in the journal mode `{mode}`, expected `wal`, so that readers need not wait\nhint: put the \
         database on a local disk"
    )]
    Journal {
        /// The database.
        path: PathBuf,
        /// The mode that SQLite keeps.
        mode: String,
    },
    /// SQLite failed.
    #[error("`{path}`: {cause}")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// SQLite's error.
        cause: rusqlite::Error,
    },
    /// The record of a run that waits for the ledger cannot be read or written.
    #[error("`{path}`: {cause}")]
    Pending {
        /// The record.
        path: PathBuf,
        /// The system's error.
        cause: std::io::Error,
    },
    /// There is a whole record beside the database, but in another format.
    #[error(
        "`{path}` has a format that is not known here\nhint: start the version of the host once that wrote it, so that it \
         settles the run"
    )]
    PendingFormat {
        /// The record.
        path: PathBuf,
    },
    /// The database is neither as the run found it nor as the run left it.
    #[error(
        "`{path}`: run `{run}` completed, but the rows that it changed in `{table}` were changed by something else before it \
         was settled\nhint: restore the database from before the run, or empty the file `{pending}` to keep it as it is, without what \
         the run did"
    )]
    Diverged {
        /// The database.
        path: PathBuf,
        /// The record.
        pending: PathBuf,
        /// The run.
        run: String,
        /// The first table that differs.
        table: String,
    },
    /// A host that is alive does not settle its run.
    #[error(
        "`{path}`: a run of another host waits to be settled, and that host is still there\nhint: let that host go on, or end it \
         and start this one again, which then settles the run"
    )]
    Unsettled {
        /// The record.
        path: PathBuf,
    },
    /// The ledger failed, so nobody knows whether its closing of a run of this host is on disk.
    #[error(
        "`{path}`: a run of this host waits to be settled, because its ledger failed\nhint: start this host again, which then settles \
         the run"
    )]
    OwnUnsettled {
        /// The record.
        path: PathBuf,
    },
    /// A host that is gone has left a run, and its ledger cannot be asked.
    #[error(
        "`{path}`: run `{run}` waits to be settled, and its ledger cannot be asked from here\nhint: start a host once that reads \
         this ledger and this database, with `--ledger`, or, if the ledger is lost, empty the file `{path}` to keep the database as it is"
    )]
    Unknown {
        /// The record.
        path: PathBuf,
        /// The run.
        run: String,
    },
    /// SQLite was in use before this crate could set it up.
    #[error(
        "SQLite was in use before the program began\nhint: link `fractalaw-sqlite` into the program itself"
    )]
    NotConfigured,
    /// A grant does not work as it looks: a view, a trigger or a foreign key reaches something that is not
    /// granted.
    #[error("{0}")]
    Grant(String),
    /// A deferred foreign key is broken. It is checked when the run is settled.
    #[error("what the run did to data leaves a foreign key that points to no row")]
    BrokenKeys,
    /// SQLite itself rolled the run back, so there is nothing to settle.
    #[error(
        "a call failed, and all that the run did to data was rolled back: {cause}\nhint: {hint}"
    )]
    RolledBack {
        /// Why the call failed, as the guest was told.
        cause: String,
        /// What to do.
        hint: &'static str,
    },
    /// The run was stopped while it was settled.
    #[error(transparent)]
    Stop(#[from] Stop),
}

impl Busy for StoreError {
    fn is_busy(&self) -> bool {
        StoreError::is_busy(self)
    }
}

impl StoreError {
    /// Whether another program holds the database, and may be done in a moment.
    pub fn is_busy(&self) -> bool {
        match self {
            StoreError::Open { cause, .. } | StoreError::Sqlite { cause, .. } => cause.is_busy(),
            _ => false,
        }
    }

    /// Whether a run stays unsettled until a person does something.
    pub(crate) fn needs_a_person(&self) -> bool {
        matches!(
            self,
            StoreError::OwnUnsettled { .. }
                | StoreError::Unknown { .. }
                | StoreError::Diverged { .. }
                | StoreError::PendingFormat { .. }
        )
    }
}
