//! The program that signs components and moves them. `cargo xtask test --all` builds it. A test for which it is missing
//! prints `SKIPPED`.

use std::path::PathBuf;

use crate::places::target;

/// The program that signs components and moves them, if it was built.
pub fn registry_program() -> Option<PathBuf> {
    let path = target().join("debug/fractalaw-registry");
    if !path.is_file() {
        eprintln!(
            "SKIPPED: there is no program `fractalaw-registry`: run `cargo build -p fractalaw-registry`"
        );
        return None;
    }
    Some(path)
}
