//! Reading what has to be a regular file: opening a pipe would wait for its other end, for ever.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The file's bytes.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    check(path)?;
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Whether the path leads to a regular file.
pub(crate) fn check(path: &Path) -> Result<()> {
    let found = fs::metadata(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    ensure!(
        found.is_file(),
        "`{}` is no regular file, expected one",
        path.display()
    );
    Ok(())
}
