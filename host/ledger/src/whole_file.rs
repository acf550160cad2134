//! Makes a file that is complete when it gets its name: it is written under another name and then renamed.

use std::io;
use std::path::Path;

use fractalaw_folders::{folder_of, sync_name};
use tempfile::{NamedTempFile, TempPath};

/// Begins a file in the folder of the path. Only its owner can read it.
pub(crate) fn begin(path: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(prefix)
        .tempfile_in(folder_of(path))
}

/// Gives the file its name, durably. Fails if the name exists: nothing is ever replaced.
pub(crate) fn finish(file: TempPath, path: &Path) -> io::Result<()> {
    file.persist_noclobber(path)
        .map_err(|failed| failed.error)?;
    // The name must be as durable as the file.
    sync_name(path)
}
