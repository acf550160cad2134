//! Opens regular files without ever waiting.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file for reading. Returns `None` if the path leads to something else. Opening a pipe would
/// wait for its other end. So the path is checked first, and then opened in a way that does not wait, in case it
/// was replaced in between.
///
/// # Errors
///
/// If nothing is there, or if it cannot be opened.
pub fn open(path: &Path) -> io::Result<Option<File>> {
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    Ok(file.metadata()?.is_file().then_some(file))
}
