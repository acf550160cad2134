//! Opening what has to be a regular file: without waiting for anybody.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file for reading; nothing for what is none. Opening a pipe would wait for its other end, so it is
/// looked at before, and opened in the way that does not wait, in case it was replaced in between.
pub(crate) fn open(path: &Path) -> io::Result<Option<File>> {
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
