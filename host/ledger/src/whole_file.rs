//! Makes a file that is complete when it gets its name: it is written under another name and then renamed.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::{NamedTempFile, TempPath};

/// Begins a file in the folder of the path. Only its owner can read it.
pub(crate) fn begin(path: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(prefix)
        .tempfile_in(folder(path))
}

/// Gives the file its name, durably. Fails if the name exists: nothing is ever replaced.
pub(crate) fn finish(file: TempPath, path: &Path) -> io::Result<()> {
    file.persist_noclobber(path)
        .map_err(|failed| failed.error)?;
    // The name must be as durable as the file.
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
