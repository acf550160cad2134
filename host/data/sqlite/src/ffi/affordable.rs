//! Interrupts a statement that has made more large values than its run can pay for.
//!
//! Steps are paid for a thousand at a time, with the values that were made in them. A step can make a megabyte, and write it to
//! disk. Without this, a run would go on for a gigabyte after its fuel was gone. On a busy machine that takes longer than the
//! deadline, and how the run ends would depend on the machine.

use std::cell::Cell;
use std::ptr::null_mut;

use rusqlite::ffi;

thread_local! {
    /// The connection of the statement, and the bytes that the run can still pay for.
    static CONNECTION: Cell<*mut ffi::sqlite3> = const { Cell::new(null_mut()) };
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// A statement that may make so many bytes, until this is dropped.
pub(crate) struct Affordable;

impl Affordable {
    /// The connection must be open until this is dropped.
    pub(super) fn new(connection: *mut ffi::sqlite3, bytes: u64) -> Affordable {
        CONNECTION.set(connection);
        LEFT.set(bytes);
        Affordable
    }
}

impl Drop for Affordable {
    fn drop(&mut self) {
        CONNECTION.set(null_mut());
        LEFT.set(u64::MAX);
    }
}

/// Notes a large value that is made. SQLite ends an interrupted statement before its next row.
pub(super) fn made(bytes: u64) {
    let connection = CONNECTION.get();
    if connection.is_null() {
        return;
    }
    match LEFT.get().checked_sub(bytes) {
        Some(left) => LEFT.set(left),
        // SAFETY: whoever made `Affordable` uses the connection until it is dropped. This sets a flag, at which SQLite looks
        // between steps.
        None => unsafe { ffi::sqlite3_interrupt(connection) },
    }
}
