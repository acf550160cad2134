//! The order of texts by their bytes in UTF-8, also in a database that keeps them as UTF-16.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use rusqlite::{Connection, Result, ffi};

use super::lent::bytes;
use super::private::check;

unsafe extern "C" fn compare_utf8(
    _: *mut c_void,
    one_length: c_int,
    one: *const c_void,
    two_length: c_int,
    two: *const c_void,
) -> c_int {
    // SAFETY: SQLite passes two texts with their lengths.
    let (one, two) = unsafe { (bytes(one.cast(), one_length), bytes(two.cast(), two_length)) };
    one.cmp(two) as c_int
}

/// Adds the collation `BY_UTF8`, for which SQLite makes UTF-8 of each text.
pub(crate) fn add_by_utf8(connection: &Connection) -> Result<()> {
    // SAFETY: the connection is open, and a function is never freed.
    let code = unsafe {
        ffi::sqlite3_create_collation_v2(
            connection.handle(),
            c"BY_UTF8".as_ptr(),
            ffi::SQLITE_UTF8,
            null_mut(),
            Some(compare_utf8),
            None,
        )
    };
    check(code)
}
