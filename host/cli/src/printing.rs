//! What the program prints: the result on standard output, everything else on standard error, where nobody
//! reading it is no failure.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::Context;
use fractalaw_host::{HostError, LedgerError, PolicyError, terminal};

/// Prints what the command is for.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    printed(io::stdout().write_all(text.as_bytes()))
}

/// What came of printing, after all of it is written. A reader that closed the pipe has seen what it wanted.
pub(crate) fn printed(written: io::Result<()>) -> anyhow::Result<()> {
    match written.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("could not write to standard output")
        }
        _ => Ok(()),
    }
}

/// A line beside the result.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// An error, and what to do about it. The texts are printed as they are: whoever has them from outside escapes them.
pub(crate) fn error(message: impl Display, hint: Option<&str>) {
    note(format_args!("error: {message}"));
    if let Some(hint) = hint {
        note(format_args!("hint: {hint}"));
    }
}

/// An error with its causes. Paths are part of messages, and a file's name may hold anything: it is escaped.
pub(crate) fn failure(failure: &anyhow::Error) {
    let message = format!("{failure:#}");
    let policy = failure.downcast_ref::<PolicyError>();
    // What is wrong with a policy is shown with the policy's lines.
    let message = match policy {
        Some(_) => terminal::lines(&message),
        None => terminal::one_line(&message),
    };
    let hint = if let Some(error) = failure.downcast_ref::<HostError>() {
        error.hint()
    } else if let Some(error) = failure.downcast_ref::<LedgerError>() {
        error.hint()
    } else {
        policy.map(|error| error.hint.clone())
    };
    let hint = hint.map(|hint| terminal::one_line(&hint).to_string());
    error(message, hint.as_deref());
}
