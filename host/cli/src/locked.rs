//! A component by its name in `apps.lock`.

use std::path::{Path, PathBuf};

use fractalaw_provenance::{Lock, LockError};

/// The file that is meant: the one with this name, or else the one of the app with this name that was pulled into the
/// current folder. Whoever loads it checks that it is what is pinned.
///
/// # Errors
///
/// If there is no such file, and the lock cannot be read.
pub(crate) fn component(text: &str) -> Result<PathBuf, LockError> {
    let path = PathBuf::from(text);
    if text.contains('/') || path.exists() {
        return Ok(path);
    }
    let lock = Lock::read(Path::new(""))?;
    let is_pinned = lock.is_some_and(|lock| lock.apps.contains_key(text));
    Ok(match is_pinned {
        true => PathBuf::from(format!("{text}.wasm")),
        false => path,
    })
}
