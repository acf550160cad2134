//! Whether this process runs in CI, and what it must not do there.

use std::env;

use anyhow::Result;

use crate::fault::{Fault, USAGE};

/// Whether this process runs in CI. Every CI service sets the same variable.
pub(crate) fn is_here() -> bool {
    env::var_os("CI").is_some()
}

/// Refuses a command that writes files for review, because in CI nobody would see them.
pub(crate) fn writes_nothing(command: &str) -> Result<()> {
    if is_here() {
        return Err(Fault::new(
            USAGE,
            format!("`{command}` writes files, and in CI (`CI` is set) nothing is written"),
        )
        .hint("run it where the change is made, look at what it wrote, and commit that")
        .into());
    }
    Ok(())
}
