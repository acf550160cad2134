//! A copy of a database, page by page as it is, beside hosts that use it.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::ByHandError;
use super::reader::{Reader, place};

/// Copies a database to a new file: the pages as they are, so that work on the copy costs the same.
///
/// A reader's lock keeps others from moving the log into the file meanwhile. The log is copied after the file, so the copy
/// is complete whatever a host commits in between.
pub fn copy(from: &Path, to: &Path) -> Result<(), ByHandError> {
    let reader = Reader::open(from)?;
    // SQLite keeps the log beside the file, and not beside a symbolic link to it.
    let from = &place(from)?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ByHandError::Io { path, source }
    };
    copy_file(from, to).map_err(failed(to))?;
    let (log, log_copy) = (log_of(from), log_of(to));
    match copy_file(&log, &log_copy) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        copied => copied.map_err(failed(&log_copy))?,
    }
    reader.is_unchanged()?;
    // The last connection to close moves the log into the file.
    let settled = Connection::open(to).and_then(|copy| {
        copy.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        copy.close().map_err(|(_, error)| error)
    });
    settled.map_err(|error| ByHandError::of(to, error))
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut to = OpenOptions::new().write(true).create_new(true).open(to)?;
    io::copy(&mut from, &mut to).map(drop)
}

fn log_of(database: &Path) -> PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}
