//! Detects that the system has no descriptors left. SQLite only says that it is "unable to open database file".

use std::fs::File;
use std::io;

/// What one ledger has open: the file, its log, the log's index, and for a moment the folder.
const FILES_OF_A_LEDGER: usize = 4;

/// The process has as many files open as it may, on all Unixes.
const EMFILE: i32 = 24;
/// All processes of the machine together have.
const ENFILE: i32 = 23;

/// What to do about this error, if it is one of the two.
pub(crate) fn hint(error: &io::Error) -> Option<&'static str> {
    match error.raw_os_error() {
        Some(EMFILE) => Some(
            "the process has as many files open as it may: raise `ulimit -n`, or run fewer at once",
        ),
        Some(ENFILE) => Some(
            "all processes of the machine have as many files open as they may: close some, or raise `fs.file-max`",
        ),
        _ => None,
    }
}

/// Asks the system for as many descriptors as a ledger needs, and returns its error. By now SQLite has closed
/// what it could open.
pub(crate) fn exhausted() -> Option<io::Error> {
    let mut held = Vec::new();
    for _ in 0..FILES_OF_A_LEDGER {
        match File::open("/") {
            Ok(file) => held.push(file),
            Err(error) => return hint(&error).map(|_| error),
        }
    }
    None
}
