//! A prepared statement: it is stepped, read and bound here.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::NonNull;

use rusqlite::ffi;
use rusqlite::types::ValueRef;

use super::lent::{Fault, bytes};
use super::pages::Noted;
use super::private::{builds_index, operations, uses_virtual_table};

/// A prepared statement of an [`Engine`].
pub(crate) struct Statement {
    pub(super) raw: NonNull<ffi::sqlite3_stmt>,
    /// What it does, as the guard saw it.
    pub(crate) does: Does,
    /// How often SQLite's planner looked at another way to find its rows, in whole looks of the host.
    pub(crate) plans: u64,
    /// What compiling it costs.
    pub(crate) compiling: u64,
}

/// What a statement reads and changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Does {
    pub(crate) reads_schema: bool,
    pub(crate) reads_tables: bool,
    pub(crate) changes_tables: bool,
    pub(crate) of_virtual: bool,
    /// Whether it searches something that it builds itself, for sorting, for distinct rows, or as an index for a
    /// join.
    pub(crate) searches: bool,
    /// Whether it calls functions for JSON.
    pub(crate) json: bool,
    /// Whether it calls functions for dates, and how many commas its text has.
    pub(crate) dates: bool,
    pub(crate) commas: u64,
    /// Whether it calls functions that read all of a value and make no new one, or may do so in a view or a trigger.
    pub(crate) looks_through: bool,
    /// Whether it itself reads each character of a text.
    pub(crate) looks_at_text: bool,
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: it was made by `sqlite3_prepare_v3`, its connection is still open, and nothing uses it any
        // more.
        unsafe { ffi::sqlite3_finalize(self.raw.as_ptr()) };
    }
}

// SAFETY of all calls below: the statement is finalised only when it is dropped, and its connection is open.
// SQLite itself checks the index of a column.
impl Statement {
    /// Whether there is a row.
    pub(crate) fn step(&mut self) -> Result<bool, Fault> {
        // SAFETY: see above.
        match unsafe { ffi::sqlite3_step(self.raw.as_ptr()) } {
            ffi::SQLITE_ROW => Ok(true),
            ffi::SQLITE_DONE => Ok(false),
            code => Err(self.fault(code)),
        }
    }

    fn fault(&self, code: c_int) -> Fault {
        // SAFETY: see above. The message is copied at once.
        unsafe {
            let db = ffi::sqlite3_db_handle(self.raw.as_ptr());
            Fault {
                code: ffi::sqlite3_extended_errcode(db) & 0xffff | code & 0xff,
                message: CStr::from_ptr(ffi::sqlite3_errmsg(db))
                    .to_string_lossy()
                    .into_owned(),
            }
        }
    }

    /// Ends it and removes bound values, so that it can be stepped from the start.
    pub(crate) fn reset(&mut self) {
        // SAFETY: see above.
        unsafe {
            ffi::sqlite3_reset(self.raw.as_ptr());
            ffi::sqlite3_clear_bindings(self.raw.as_ptr());
        }
    }

    /// Ends it and keeps the bound values.
    pub(crate) fn rewind(&mut self) {
        // SAFETY: see above.
        unsafe { ffi::sqlite3_reset(self.raw.as_ptr()) };
    }

    /// Notes the pages that it asks for from here on. It must live until this is dropped.
    pub(crate) fn note_pages(&self) -> Noted {
        Noted::new(self.raw)
    }

    /// The steps of SQLite's virtual machine since the last call of this function.
    pub(crate) fn take_steps(&mut self) -> u64 {
        // SAFETY: see above.
        let steps = unsafe {
            ffi::sqlite3_stmt_status(self.raw.as_ptr(), ffi::SQLITE_STMTSTATUS_VM_STEP, 1)
        };
        // SQLite counts in 32 bits without a sign, but returns a signed number.
        u64::from(steps.cast_unsigned())
    }

    pub(crate) fn is_read_only(&self) -> bool {
        // SAFETY: see above.
        unsafe { ffi::sqlite3_stmt_readonly(self.raw.as_ptr()) != 0 }
    }

    /// Whether it builds an index for a join while it runs.
    pub(crate) fn builds_index(&self) -> bool {
        // SAFETY: see above.
        unsafe { builds_index(self.raw) }
    }

    /// Whether it uses a virtual table of the database, without what its triggers use.
    pub(crate) fn uses_virtual_table(&self) -> bool {
        // SAFETY: see above.
        unsafe { uses_virtual_table(self.raw) }
    }

    /// The operations of its program, without those of triggers.
    pub(crate) fn operations(&self) -> u64 {
        // SAFETY: see above.
        unsafe { operations(self.raw) }
    }

    pub(crate) fn is_explain(&self) -> bool {
        // SAFETY: see above.
        unsafe { ffi::sqlite3_stmt_isexplain(self.raw.as_ptr()) != 0 }
    }

    pub(crate) fn parameters(&self) -> usize {
        // SAFETY: see above.
        usize::try_from(unsafe { ffi::sqlite3_bind_parameter_count(self.raw.as_ptr()) })
            .unwrap_or_default()
    }

    pub(crate) fn columns(&self) -> usize {
        // SAFETY: see above.
        usize::try_from(unsafe { ffi::sqlite3_column_count(self.raw.as_ptr()) }).unwrap_or_default()
    }

    pub(crate) fn name(&self, column: usize) -> String {
        // SAFETY: see above.
        self.text_of(unsafe { ffi::sqlite3_column_name(self.raw.as_ptr(), index(column)) })
            .unwrap_or_default()
    }

    /// The declared type of the column, if it is a table's column.
    pub(crate) fn declared(&self, column: usize) -> Option<String> {
        // SAFETY: see above.
        self.text_of(unsafe { ffi::sqlite3_column_decltype(self.raw.as_ptr(), index(column)) })
    }

    fn text_of(&self, text: *const c_char) -> Option<String> {
        // SAFETY: SQLite returns null or a text that lives until the statement's next call. It is copied here.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text).to_string_lossy().into_owned() })
    }

    /// The value of a column in the current row.
    #[inline]
    pub(crate) fn value(&self, column: usize) -> ValueRef<'_> {
        let (raw, column) = (self.raw.as_ptr(), index(column));
        // SAFETY: see above. What is lent lives until the next step, which needs `&mut self`.
        unsafe {
            match ffi::sqlite3_column_type(raw, column) {
                ffi::SQLITE_INTEGER => ValueRef::Integer(ffi::sqlite3_column_int64(raw, column)),
                ffi::SQLITE_FLOAT => ValueRef::Real(ffi::sqlite3_column_double(raw, column)),
                ffi::SQLITE_TEXT => {
                    let text = ffi::sqlite3_column_text(raw, column);
                    ValueRef::Text(bytes(text, ffi::sqlite3_column_bytes(raw, column)))
                }
                ffi::SQLITE_BLOB => {
                    let blob = ffi::sqlite3_column_blob(raw, column).cast::<u8>();
                    ValueRef::Blob(bytes(blob, ffi::sqlite3_column_bytes(raw, column)))
                }
                _ => ValueRef::Null,
            }
        }
    }

    /// Sets a parameter. The value is copied.
    pub(crate) fn bind(&mut self, parameter: usize, value: ValueRef<'_>) -> Result<(), Fault> {
        let (raw, at) = (self.raw.as_ptr(), index(parameter));
        let length = |bytes: &[u8]| bytes.len() as u64;
        // SAFETY: see above. With `SQLITE_TRANSIENT`, SQLite copies before it returns.
        let code = unsafe {
            match value {
                ValueRef::Null => ffi::sqlite3_bind_null(raw, at),
                ValueRef::Integer(number) => ffi::sqlite3_bind_int64(raw, at, number),
                ValueRef::Real(number) => ffi::sqlite3_bind_double(raw, at, number),
                ValueRef::Text(text) => ffi::sqlite3_bind_text64(
                    raw,
                    at,
                    lent(text).cast::<c_char>(),
                    length(text),
                    ffi::SQLITE_TRANSIENT(),
                    ffi::SQLITE_UTF8 as u8,
                ),
                ValueRef::Blob(blob) => ffi::sqlite3_bind_blob64(
                    raw,
                    at,
                    lent(blob).cast::<c_void>(),
                    length(blob),
                    ffi::SQLITE_TRANSIENT(),
                ),
            }
        };
        if code == ffi::SQLITE_OK {
            Ok(())
        } else {
            Err(self.fault(code))
        }
    }
}

/// An address that is never null, because SQLite binds null for a null address.
fn lent(bytes: &[u8]) -> *const u8 {
    if bytes.is_empty() {
        c"".as_ptr().cast()
    } else {
        bytes.as_ptr()
    }
}

/// For a column that does not exist, SQLite returns null.
fn index(column: usize) -> c_int {
    c_int::try_from(column).unwrap_or(c_int::MAX)
}

/// A real number as SQLite prints it.
pub(crate) fn real_text(number: f64) -> String {
    // SAFETY: the format takes one double. The text is copied and freed.
    unsafe {
        let text = ffi::sqlite3_mprintf(c"%!.17g".as_ptr(), number);
        if text.is_null() {
            return String::new();
        }
        let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
        ffi::sqlite3_free(text.cast());
        copy
    }
}
