//! Whether a program that is to print something was given somewhere to print it.
//!
//! Rust's runtime opens `/dev/null` in the place of a standard stream that is closed, before `main` begins. From then
//! on nothing tells that apart from a `/dev/null` that was meant, and what is printed is lost without an error. So a
//! program looks before: by a constructor, which runs when it is loaded.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Looks: to be called before `main`.
pub fn look() {
    // The folder is there where the system shows what a process has open.
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

/// Fails if standard output was closed when the program was started.
pub fn check() -> io::Result<()> {
    if WAS_CLOSED.load(Ordering::Relaxed) {
        return Err(io::Error::new(
            io::ErrorKind::NotConnected,
            "standard output is closed, expected somewhere to print to",
        ));
    }
    Ok(())
}
