//! The order `NOCASE`, which says what each comparison looks at.

use std::ffi::{c_int, c_void};

use rusqlite::{Connection, Result, ffi};

use super::lent::bytes;
use super::private::check;

/// Compares text as `NOCASE` does, and charges for the bytes that are looked at.
unsafe extern "C" fn compare_without_case(
    charge: *mut c_void,
    one_length: c_int,
    one: *const c_void,
    two_length: c_int,
    two: *const c_void,
) -> c_int {
    // SAFETY: SQLite passes two texts with their lengths, and the function that was registered.
    let (one, two, charge) = unsafe {
        let charge = std::mem::transmute::<*mut c_void, fn(u64)>(charge);
        (
            bytes(one.cast(), one_length),
            bytes(two.cast(), two_length),
            charge,
        )
    };
    let same = one
        .iter()
        .zip(two)
        .take_while(|(one, two)| **one != 0 && one.eq_ignore_ascii_case(two))
        .count();
    charge(same as u64);
    let letter = |text: &[u8]| {
        text.get(same)
            .map(|byte| c_int::from(byte.to_ascii_lowercase()))
    };
    match letter(one).zip(letter(two)) {
        Some((one, two)) if one != two => one - two,
        _ => one_length - two_length,
    }
}

/// Replaces the order `NOCASE` with one that charges for the bytes that it looks at.
pub(crate) fn replace_no_case(connection: &Connection, charge: fn(u64)) -> Result<()> {
    // SAFETY: the connection is open, and a function is never freed.
    let code = unsafe {
        ffi::sqlite3_create_collation_v2(
            connection.handle(),
            c"NOCASE".as_ptr(),
            ffi::SQLITE_UTF8,
            charge as *mut c_void,
            Some(compare_without_case),
            None,
        )
    };
    check(code)
}
