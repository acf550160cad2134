//! Turns an error into a message, a hint and the exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use fractalaw_ledger::{KeyError, LedgerError, VerifyError};

/// The ledger is not what was written.
const DAMAGE: u8 = 1;
/// The work could not be done.
const FAILED: u8 = 3;

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
    let verify = error.downcast_ref::<VerifyError>();
    ledger.is_some_and(LedgerError::is_damage) || verify.is_some_and(VerifyError::is_damage)
}

fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(VerifyError::Flaw(_)) = error.downcast_ref() {
        return Some(
            "keep the file as it is; what a checkpoint that was kept, or the last good signature before that \
             entry, vouches for can be relied on, and nothing else: `show` and `export --unverified` read it"
                .to_owned(),
        );
    }
    if let Some(VerifyError::Ledger(error)) = error.downcast_ref() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<LedgerError>() {
        return error.hint();
    }
    error.downcast_ref::<KeyError>()?.hint()
}
