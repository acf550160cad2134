//! Errors that another program causes by holding a database.

use rusqlite::{Error, ErrorCode};

/// An error that may be gone when another program is done.
pub(crate) trait Busy {
    fn is_busy(&self) -> bool;
}

impl Busy for Error {
    fn is_busy(&self) -> bool {
        self.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
    }
}
