//! A file that is whole under its name, or not there: written beside it, and renamed at the end.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::{NamedTempFile, TempPath};

/// Begins a file in the folder of the path, which only its owner can read.
pub(crate) fn begin(path: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(prefix)
        .tempfile_in(folder(path))
}

/// Gives it its name, durably. Fails if there is a file of that name: nothing is ever replaced.
pub(crate) fn finish(file: TempPath, path: &Path) -> io::Result<()> {
    file.persist_noclobber(path)
        .map_err(|failed| failed.error)?;
    // The name must be as durable as what it names.
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
