//! Tells whether a program was started with standard output open.
//!
//! Before `main` begins, Rust's runtime opens `/dev/null` in the place of a standard stream that is closed. After
//! that, nobody can tell it from a `/dev/null` that was intended, and output is lost without an error. So a
//! program must look earlier, in a constructor that runs when the program is loaded.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Records whether standard output is open. Call it before `main`.
pub fn look() {
    // This folder exists if the system shows which files a process has open.
    let open = if cfg!(target_os = "linux") {
        "/proc/self/fd"
    } else {
        "/dev/fd"
    };
    let is_closed = cfg!(unix)
        && fs::symlink_metadata(open).is_ok()
        && fs::symlink_metadata(format!("{open}/1")).is_err();
    WAS_CLOSED.store(is_closed, Ordering::Relaxed);
}

/// Returns an error if standard output was closed when the program was started.
pub fn check() -> io::Result<()> {
    if WAS_CLOSED.load(Ordering::Relaxed) {
        return Err(io::Error::new(
            io::ErrorKind::NotConnected,
            "standard output is closed, expected somewhere to print to",
        ));
    }
    Ok(())
}
