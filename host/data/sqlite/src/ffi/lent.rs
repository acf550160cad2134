//! Bytes that SQLite lends, and its errors.

use std::ffi::c_int;
use std::slice;

/// An error of SQLite: its extended code and its text.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) code: c_int,
    pub(crate) message: String,
}

/// The bytes that SQLite lends. If there are none, the address may be null.
///
/// # Safety
///
/// `start` is null, or it points to `length` bytes that live as long as the caller's borrow.
pub(super) unsafe fn bytes<'a>(start: *const u8, length: c_int) -> &'a [u8] {
    match usize::try_from(length) {
        // SAFETY: the caller promises it.
        Ok(length) if !start.is_null() && length > 0 => unsafe {
            slice::from_raw_parts(start, length)
        },
        _ => &[],
    }
}
