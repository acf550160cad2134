//! Why something could not be done by hand.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::import::ImportError;

/// Why a database could not be read, filled or compared.
#[derive(Debug, Error)]
pub enum ByHandError {
    /// There is no such file.
    #[error("there is no database `{path}`")]
    NotFound {
        /// The database.
        path: PathBuf,
    },
    /// It is a folder, a pipe or a device.
    #[error("`{path}` is not a regular file, expected an SQLite database")]
    NotAFile {
        /// The database.
        path: PathBuf,
    },
    /// The file has other contents.
    #[error("`{path}` is not an SQLite database")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// Another program holds a lock.
    #[error("another program is changing `{path}`")]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// A run waits to be settled, and what is written now would stand in its way.
    #[error("a run waits to be settled in `{path}`, so nothing may be changed there")]
    Unsettled {
        /// The database.
        path: PathBuf,
    },
    /// Another program has made the database that was filled here.
    #[error("another program has made `{path}` meanwhile, and nothing was imported")]
    Taken {
        /// The database.
        path: PathBuf,
    },
    /// There is a log without its database.
    #[error("there is no `{path}`, but its log `{log}`")]
    Log {
        /// The database.
        path: PathBuf,
        /// The log.
        log: PathBuf,
    },
    /// SQLite does not take the text for a statement.
    #[error("{message}")]
    Statement {
        /// SQLite's message, and where in the text.
        message: String,
        /// The tables that there are, if the statement names one that there is not.
        tables: Option<Vec<String>>,
    },
    /// The text is more than one statement, or none.
    #[error("expected one statement, and there is none, or more than one")]
    NotOneStatement,
    /// The statement changes something or returns no rows.
    #[error("the statement is not a query, expected one that only reads and returns rows")]
    NotAQuery,
    /// The statement has places for values.
    #[error("the statement has parameters, and there is nothing to give them")]
    Parameters,
    /// SQLite and this crate do not agree about the order of keys.
    #[error("the rows of `{table}` in `{path}` do not come in the order of their keys")]
    Order {
        /// The database.
        path: PathBuf,
        /// The table.
        table: String,
    },
    /// A file was not imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A row points to a row that does not exist.
    #[error("row {row} of `{table}` points to a row of `{parent}` that does not exist")]
    BrokenKey {
        /// The table with the row.
        table: String,
        /// Its rowid, or `?` if it has none.
        row: String,
        /// The table to which it points.
        parent: String,
    },
    /// SQLite failed.
    #[error("`{path}`: {source}")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// The system failed.
    #[error("`{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

impl ByHandError {
    /// What the reader can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            ByHandError::Import(error) => {
                let said = error.to_string();
                return said.split_once("\nhint: ").map(|(_, hint)| hint.to_owned());
            }
            ByHandError::NotFound { .. } => {
                "give the path of a file, or make it with `fractalaw data import FILE SCHEMA.sql`"
            }
            ByHandError::NotADatabase { .. } => {
                "to fill a database from it, use `fractalaw data import FILE SOURCE`"
            }
            ByHandError::Busy { .. } => "wait for it, or stop it, and try again",
            ByHandError::Unsettled { .. } => {
                "start the host again that made the run, with its ledger: it settles the run"
            }
            ByHandError::Taken { .. } => "import again, into the database that is there now",
            ByHandError::Log { .. } => {
                "put the database back beside its log, or remove the log, which has what was written last"
            }
            ByHandError::Statement {
                tables: Some(tables),
                ..
            } => return Some(these(tables)),
            ByHandError::NotAQuery => {
                "to change data, write the statement into a `.sql` file for `fractalaw data import`"
            }
            ByHandError::Parameters => "write the values into the statement",
            ByHandError::BrokenKey { .. } => "import the other table's rows in the same command",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether the one who asked made a mistake, and not the system.
    pub fn is_usage(&self) -> bool {
        match self {
            ByHandError::Busy { .. }
            | ByHandError::Unsettled { .. }
            | ByHandError::Taken { .. }
            | ByHandError::Order { .. }
            | ByHandError::Sqlite { .. }
            | ByHandError::Io { .. } => false,
            ByHandError::Import(ImportError::Read { source, .. }) => matches!(
                source.kind(),
                ErrorKind::NotFound | ErrorKind::InvalidData | ErrorKind::InvalidInput
            ),
            _ => true,
        }
    }

    /// SQLite's error, when it says something about the file itself.
    pub(super) fn of(path: &Path, source: rusqlite::Error) -> ByHandError {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => ByHandError::NotADatabase { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ByHandError::Busy { path },
            _ => ByHandError::Sqlite { path, source },
        }
    }
}

/// The tables, as many as fit on a line.
fn these(tables: &[String]) -> String {
    const SHOWN: usize = 10;
    match tables {
        [] => "the database has no tables".to_owned(),
        tables => {
            let names: Vec<_> = tables
                .iter()
                .take(SHOWN)
                .map(|name| format!("`{name}`"))
                .collect();
            let more = tables.len().saturating_sub(SHOWN);
            let more = match more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("it has {}{more}", names.join(", "))
        }
    }
}
