//! The end of a command that only prints a page.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};

/// The exit code of a command that printed a page. A reader that closed the pipe has seen what it wanted.
pub(crate) fn shown(printed: io::Result<()>) -> Result<ExitCode> {
    match printed.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
