//! Reads regular files only. Opening a pipe would wait for its other end for ever.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The bytes of the file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    check(path)?;
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Fails if the path does not lead to a regular file.
pub(crate) fn check(path: &Path) -> Result<()> {
    let found = fs::metadata(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    ensure!(
        found.is_file(),
        "`{}` is no regular file, expected one",
        path.display()
    );
    Ok(())
}
