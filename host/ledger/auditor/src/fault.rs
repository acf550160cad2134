//! Turns an error into a message, a hint and the exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use fractalaw_ledger::{KeyError, LedgerError, SetError, VerifyError};

/// The ledger is not what was written.
const DAMAGE: u8 = 1;
/// The work could not be done.
const FAILED: u8 = 3;

/// Ledgers that contradict each other. What does was printed.
#[derive(Debug, thiserror::Error)]
#[error("the ledgers contradict each other, or themselves, in {flaws} places")]
pub(crate) struct Contradicted {
    pub(crate) flaws: usize,
}

/// Prints an error with its causes and its hint, and returns the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    // A reader that closed the pipe has seen enough: this is no error.
    if error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    {
        return ExitCode::SUCCESS;
    }
    // Messages quote paths and text from files that may be hostile.
    let message = fractalaw_manifest::terminal::one_line(&format!("{error:#}"));
    let mut stderr = io::stderr();
    let _ = writeln!(stderr, "error: {message}");
    if let Some(hint) = hint(error) {
        let hint = fractalaw_manifest::terminal::one_line(&hint);
        let _ = writeln!(stderr, "hint: {hint}");
    }
    ExitCode::from(if is_damage(error) { DAMAGE } else { FAILED })
}

fn is_damage(error: &anyhow::Error) -> bool {
    let ledger = error.downcast_ref::<LedgerError>();
    ledger.is_some_and(LedgerError::is_damage)
        || verify(error).is_some_and(VerifyError::is_damage)
        || error.is::<Contradicted>()
}

/// What is wrong with a ledger, alone or among others.
fn verify(error: &anyhow::Error) -> Option<&VerifyError> {
    match error.downcast_ref() {
        Some(SetError::Ledger { source, .. }) => Some(source),
        _ => error.downcast_ref(),
    }
}

fn hint(error: &anyhow::Error) -> Option<String> {
    if error.is::<Contradicted>() {
        return Some(
            "keep all files as they are; checkpoints that other nodes kept say which ledger was changed".to_owned(),
        );
    }
    if let Some(SetError::SameLedger { .. }) = error.downcast_ref() {
        return Some("name each ledger once".to_owned());
    }
    if let Some(VerifyError::Flaw(_)) = verify(error) {
        return Some(
            "keep the file as it is; what a checkpoint that was kept, or the last good signature before that \
             entry, vouches for can be relied on, and nothing else: `show` and `export --unverified` read it"
                .to_owned(),
        );
    }
    if let Some(VerifyError::Ledger(error)) = verify(error) {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<LedgerError>() {
        return error.hint();
    }
    error.downcast_ref::<KeyError>()?.hint()
}
