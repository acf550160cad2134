//! What SQLite lends and says.

use std::ffi::c_int;
use std::slice;

/// What SQLite says went wrong: its extended code, and its text.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) code: c_int,
    pub(crate) message: String,
}

/// The bytes that SQLite lends. For a value without any it may give no address.
///
/// # Safety
///
/// `start` points to `length` bytes that live as long as the caller's borrow, or is null.
pub(super) unsafe fn bytes<'a>(start: *const u8, length: c_int) -> &'a [u8] {
    match usize::try_from(length) {
        // SAFETY: as the caller says.
        Ok(length) if !start.is_null() && length > 0 => unsafe {
            slice::from_raw_parts(start, length)
        },
        _ => &[],
    }
}
