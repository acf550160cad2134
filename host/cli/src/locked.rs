//! A component by its name in `apps.lock`.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use fractalaw_provenance::Lock;

/// The file that is meant: the one with this name, or else the one of the app with this name that was pulled into the
/// current folder. Whoever loads it checks that it is what is pinned.
pub(crate) fn component(text: &str) -> Result<PathBuf, Infallible> {
    let path = PathBuf::from(text);
    if text.contains('/') || path.exists() {
        return Ok(path);
    }
    // A lock that cannot be read is told when a component beside it is loaded.
    let lock = Lock::read(Path::new("")).ok().flatten();
    let is_pinned = lock.is_some_and(|lock| lock.apps.contains_key(text));
    Ok(match is_pinned {
        true => PathBuf::from(format!("{text}.wasm")),
        false => path,
    })
}
