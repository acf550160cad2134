//! Where a test's files are.

use std::env;
use std::path::{Path, PathBuf};

/// A path that begins at the folder of the package under test, in which cargo starts its tests. It must exist.
pub(crate) fn found(path: &str) -> PathBuf {
    let path = Path::new(path);
    assert!(
        path.exists(),
        "`{}` does not exist, expected a path from the folder of the package, `{}`",
        path.display(),
        env::current_dir().unwrap_or_default().display()
    );
    path.to_owned()
}
