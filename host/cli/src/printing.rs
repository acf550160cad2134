//! Prints the result to standard output, and everything else to standard error. It is not a failure if nobody
//! reads standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::Context;
use fractalaw_host::{HostError, LedgerError, PolicyError, terminal};
use fractalaw_sqlite::by_hand::ByHandError;

use crate::same_name::SameName;

/// Prints the result of the command.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    printed(io::stdout().write_all(text.as_bytes()))
}

/// The result of printing, after everything was written. A reader that closed the pipe has seen what it wanted.
pub(crate) fn printed(written: io::Result<()>) -> anyhow::Result<()> {
    match written.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("could not write to standard output")
        }
        _ => Ok(()),
    }
}

/// Prints a line besides the result.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints an error and its hint. The texts are printed as they are: whoever gets them from outside must escape
/// them.
pub(crate) fn error(message: impl Display, hint: Option<&str>) {
    note(format_args!("error: {message}"));
    if let Some(hint) = hint {
        note(format_args!("hint: {hint}"));
    }
}

/// Prints a warning and its hint. The texts are printed as they are, like those of [`error`].
pub(crate) fn warning(message: impl Display, hint: impl Display) {
    note(format_args!("warning: {message}\nhint: {hint}"));
}

/// Prints an error with its causes. Messages contain paths, and a file name may contain anything, so they are
/// escaped.
pub(crate) fn failure(failure: &anyhow::Error) {
    let message = if let Some(error) = failure.downcast_ref::<ByHandError>() {
        // Its message has its causes.
        without_hint(&error.to_string())
    } else if let Some(HostError::Capability { .. }) = failure.downcast_ref() {
        without_hint(&format!("{failure:#}"))
    } else {
        format!("{failure:#}")
    };
    let policy = failure.downcast_ref::<PolicyError>();
    // An error in a policy is shown with the lines of the policy.
    let message = match policy {
        Some(_) => terminal::lines(&message),
        None => terminal::one_line(&message),
    };
    let hint = if let Some(error) = failure.downcast_ref::<HostError>() {
        error.hint()
    } else if let Some(error) = failure.downcast_ref::<LedgerError>() {
        error.hint()
    } else if let Some(error) = failure.downcast_ref::<ByHandError>() {
        error.hint()
    } else if let Some(error) = failure.downcast_ref::<SameName>() {
        Some(error.hint().to_owned())
    } else {
        policy.map(|error| error.hint.clone())
    };
    let hint = hint.map(|hint| terminal::one_line(&hint).to_string());
    error(message, hint.as_deref());
}

/// A message that has its hint in it. What follows the hint are the causes once more.
fn without_hint(message: &str) -> String {
    let said = message.split_once("\nhint: ").map(|(said, _)| said);
    said.unwrap_or(message).to_owned()
}
