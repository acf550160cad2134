//! The program of the commands, which writes the page of reports. `cargo xtask` builds it. A test for which it is missing prints
//! `SKIPPED`.

use std::path::PathBuf;

use crate::places::target;

/// The program of the commands, if it was built.
pub fn xtask_program() -> Option<PathBuf> {
    let path = target().join("debug/xtask");
    if !path.is_file() {
        eprintln!("SKIPPED: there is no program `xtask`: run `cargo build -p xtask`");
        return None;
    }
    Some(path)
}
