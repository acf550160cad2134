//! Watches the searches of FTS5: the host sees each pattern before FTS5 does, and what FTS5 allocates while it looks for the next
//! document counts for the search.
//!
//! SQLite has no public way to stand in front of a module that it has itself. So two methods of FTS5's are replaced in the
//! module of a connection, and in its tables, which are found through SQLite's private structures (`private`).

use std::ffi::{CStr, CString, c_char, c_int};
use std::slice;
use std::sync::OnceLock;

use rusqlite::{Connection, Result, ffi};

use super::private::{INSTANCE, Instance, operands, other_version};
use super::searched::{Part, in_search};

/// Who is told of searches.
#[derive(Clone, Copy)]
pub(crate) struct Searches {
    /// Is told of a pattern, up to its first zero byte. Returns whether FTS5 may search for it.
    pub(crate) may_begin: fn(&[u8]) -> bool,
    /// Is told that the search would compare too much.
    pub(crate) too_large: fn(),
}

/// FTS5's own methods, and those with ours in the place of two.
struct Methods {
    own: ffi::sqlite3_module,
    watched: ffi::sqlite3_module,
    told: Searches,
}

static METHODS: OnceLock<Methods> = OnceLock::new();

/// The bit of the plan with which FTS5 sorts by rank. It then makes the search with a statement of its own.
const IS_SORTED: c_int = 0x20;

/// Watches the searches in a full-text table of this connection. The table has a quoted name.
pub(crate) fn watch_searches(connection: &Connection, table: &str, told: Searches) -> Result<()> {
    let sql = CString::new(format!("SELECT 1 FROM main.{table}")).map_err(|_| other_version())?;
    let watched = operands(connection, &sql, INSTANCE, |operand| {
        // SAFETY: in this version of SQLite, the operand of this kind is an instance, with a module that has a name and methods.
        // SQLite reads both places only while the connection is used, and this is the only use now. The methods live as long as
        // the process.
        unsafe {
            let instance = operand.cast::<Instance>().as_ref()?;
            let module = instance.module.as_mut()?;
            if CStr::from_ptr(module.name) != c"fts5" {
                return None;
            }
            let own = module.methods.as_ref()?;
            let methods = METHODS.get_or_init(|| Methods {
                own: *own,
                watched: ffi::sqlite3_module {
                    xFilter: Some(filter),
                    xNext: Some(next),
                    ..*own
                },
                told,
            });
            module.methods = &raw const methods.watched;
            instance.table.as_mut()?.pModule = &raw const methods.watched;
        }
        Some(())
    });
    watched.ok_or_else(other_version)
}

unsafe extern "C" fn filter(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    plan: c_int,
    kinds: *const c_char,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) -> c_int {
    let Some((methods, own)) = METHODS.get().and_then(|all| Some((all, all.own.xFilter?))) else {
        return ffi::SQLITE_ERROR;
    };
    // SAFETY: SQLite passes so many values. It lends the text of one until its own method is called.
    let may_begin = unsafe {
        let values = match usize::try_from(count) {
            Ok(count) if count > 0 => slice::from_raw_parts(values, count),
            _ => &[],
        };
        values.iter().all(|value| {
            if ffi::sqlite3_value_type(*value) != ffi::SQLITE_TEXT {
                return true;
            }
            let text = ffi::sqlite3_value_text(*value);
            text.is_null() || (methods.told.may_begin)(CStr::from_ptr(text.cast()).to_bytes())
        })
    };
    if !may_begin {
        return ffi::SQLITE_ERROR;
    }
    let part = match plan & IS_SORTED {
        0 => Part::Search,
        _ => Part::Statement,
    };
    // SAFETY: SQLite's own method is called with what SQLite passed.
    within(part, methods, || unsafe {
        own(cursor, plan, kinds, count, values)
    })
}

unsafe extern "C" fn next(cursor: *mut ffi::sqlite3_vtab_cursor) -> c_int {
    let Some((methods, own)) = METHODS.get().and_then(|all| Some((all, all.own.xNext?))) else {
        return ffi::SQLITE_ERROR;
    };
    // SAFETY: SQLite's own method is called with what SQLite passed.
    within(Part::Search, methods, || unsafe { own(cursor) })
}

/// Makes a part of a search.
fn within(part: Part, methods: &Methods, own: impl FnOnce() -> c_int) -> c_int {
    match in_search(part, own) {
        (_, true) => {
            (methods.told.too_large)();
            ffi::SQLITE_ERROR
        }
        (code, false) => code,
    }
}
