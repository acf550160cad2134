//! What goes wrong with the file of events, as the host's operator is told it.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::ids::RunId;

/// An error of whatever says which runs completed.
pub type LedgerFailure = Arc<dyn std::error::Error + Send + Sync>;

/// Why events cannot be opened, or why a step failed. A step that failed changed nothing.
#[derive(Clone, Debug, Error)]
pub enum EngineError {
    /// The file or its lock cannot be opened.
    #[error("cannot open `{path}`: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: Arc<std::io::Error>,
    },
    /// Another process works on the file.
    #[error("`{path}` is in use by another process\nhint: stop it first, or let it do the work")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is another database.
    #[error("`{path}` is not a file of events: {why}\nhint: name another file")]
    NotEvents {
        /// The file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// Another version wrote the file.
    #[error(
        "`{path}` has format {found}, expected {expected}\nhint: use the version of the host that made it"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The format of this version.
        expected: i64,
    },
    /// The numbers of runs in the file are those of another ledger.
    #[error(
        "`{path}` belongs to ledger {found}, expected {expected}\nhint: start with the ledger that it belongs to"
    )]
    OtherLedger {
        /// The file.
        path: PathBuf,
        /// The ledger that it belongs to.
        found: String,
        /// The ledger that the caller has.
        expected: String,
    },
    /// The node was part of a set, and is opened alone.
    #[error(
        "`{path}` is of a node of a set: {outgoing} to be sent to it, and {incoming} from it that it does not know to be done\n\
         hint: start it as a node of the set until `fractalaw-nats` has moved them"
    )]
    OfSet {
        /// The file.
        path: PathBuf,
        /// Events and ticks that wait to be sent.
        outgoing: u64,
        /// Deliveries that the set has given to this node.
        incoming: u64,
    },
    /// The ledger cannot say which runs completed.
    #[error("cannot settle the runs of the last start: {0}")]
    Ledger(LedgerFailure),
    /// SQLite failed.
    #[error("`{path}`: {source}{}", hint(source))]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: Arc<rusqlite::Error>,
    },
    /// The caller gave a number that is in use, or that no run has.
    #[error("run {} cannot begin: its number is in use or too large", run.0)]
    RunInUse {
        /// The number.
        run: RunId,
    },
    /// The caller settles a run as completed that it has not prepared. It must not have a closing yet.
    #[error("run {} cannot be settled as completed: what it staged was not prepared", run.0)]
    NotPrepared {
        /// The number.
        run: RunId,
    },
    /// The thread that writes has ended, after a defect of this program.
    #[error("`{path}`: the thread that writes it has ended\nhint: start the host again")]
    NoWriter {
        /// The file.
        path: PathBuf,
    },
}

fn hint(source: &rusqlite::Error) -> &'static str {
    match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "\nhint: free space on the disk",
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
            "\nhint: make the file and its folder writable"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "\nhint: restore it from a copy; the ledger has what ran"
        }
        Some(ErrorCode::DatabaseBusy) => "\nhint: end the program that is writing to it",
        _ => "",
    }
}
