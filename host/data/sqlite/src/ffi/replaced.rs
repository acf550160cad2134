//! Functions and table functions that stand in the place of SQLite's own, say what a call costs, and then call SQLite's.
//!
//! SQLite has no public way to call a function that another of the same name replaces. So the addresses of its own are read
//! once from compiled statements, through SQLite's private structures (`private`). With another version of SQLite, nothing is
//! read, and no database opens.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::{self, null_mut};
use std::slice;
use std::sync::OnceLock;

use rusqlite::{Connection, Result, ffi};

use super::lent::bytes;
use super::memory::allocated;
use super::private::{CALL, Call, INSTANCE, Instance, Scalar, check, operands, other_version};

/// The flags of a function that tells JSON from other text, or makes it.
const SUBTYPES: c_int = ffi::SQLITE_SUBTYPE | ffi::SQLITE_RESULT_SUBTYPE;

/// A function of SQLite's that is replaced.
pub(crate) struct Replaced {
    pub(crate) name: &'static str,
    /// How many arguments it takes, or -1 for any number.
    pub(crate) arguments: c_int,
    /// An expression that calls it.
    pub(crate) example: &'static str,
    pub(crate) charge: Charge,
}

/// Charges for a call.
#[derive(Clone, Copy)]
pub(crate) struct Charge {
    /// Charges before the call is made. Returns why it is not made.
    pub(crate) before: fn(&Arguments<'_>) -> Charged,
    /// Charges for the bytes that the call made SQLite allocate.
    pub(crate) after: fn(u64) -> Charged,
}

pub(crate) type Charged = std::result::Result<(), String>;

/// The arguments of a call.
pub(crate) struct Arguments<'a>(&'a [*mut ffi::sqlite3_value]);

impl Arguments<'_> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes of a text or a blob. Everything else is small.
    pub(crate) fn bytes(&self, at: usize) -> u64 {
        let Some(value) = self.0.get(at) else {
            return 0;
        };
        // SAFETY: SQLite lends the values during the call. Text that has another encoding is converted first, as the
        // function itself would do.
        unsafe {
            match ffi::sqlite3_value_type(*value) {
                ffi::SQLITE_TEXT | ffi::SQLITE_BLOB => {
                    u64::try_from(ffi::sqlite3_value_bytes(*value)).unwrap_or_default()
                }
                _ => 8,
            }
        }
    }

    /// How often a byte is in a text.
    pub(crate) fn count(&self, at: usize, byte: u8) -> u64 {
        let Some(value) = self.0.get(at) else {
            return 0;
        };
        // SAFETY: SQLite lends the values during the call. The function itself reads this one as text too.
        let text = unsafe {
            let text = ffi::sqlite3_value_text(*value);
            bytes(text, ffi::sqlite3_value_bytes(*value))
        };
        memchr::memchr_iter(byte, text).count() as u64
    }

    pub(crate) fn is_blob(&self, at: usize) -> bool {
        let value = self.0.get(at);
        // SAFETY: SQLite lends the values during the call.
        value.is_some_and(|value| unsafe { ffi::sqlite3_value_type(*value) } == ffi::SQLITE_BLOB)
    }

    /// The value as an integer, if it is one.
    pub(crate) fn integer(&self, at: usize) -> Option<i64> {
        let value = *self.0.get(at)?;
        // SAFETY: SQLite lends the values during the call.
        unsafe {
            (ffi::sqlite3_value_type(value) == ffi::SQLITE_INTEGER)
                .then(|| ffi::sqlite3_value_int64(value))
        }
    }
}

/// SQLite's own function, and what a call of it costs.
#[derive(Clone, Copy)]
struct Own {
    call: Scalar,
    /// A number. SQLite keeps it where other functions keep an address.
    data: usize,
    flags: c_int,
    charge: Charge,
}

/// The most functions that can be replaced.
const PLACES: usize = 57;

static OWN: [OnceLock<Own>; PLACES] = [const { OnceLock::new() }; PLACES];

/// The function in place `AT`.
unsafe extern "C" fn stand_in<const AT: usize>(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    let Some(own) = OWN.get(AT).and_then(OnceLock::get) else {
        return;
    };
    // SAFETY: SQLite passes so many values. Its own function is called with what SQLite passed, and finds its data in the
    // context, because the function in its place was registered with the same data.
    unsafe {
        let arguments = match usize::try_from(count) {
            Ok(count) if count > 0 => slice::from_raw_parts(values, count),
            _ => &[],
        };
        let charged = (own.charge.before)(&Arguments(arguments)).and_then(|()| {
            let before = allocated();
            (own.call)(context, count, values);
            (own.charge.after)(allocated().wrapping_sub(before))
        });
        if let Err(why) = charged {
            let length = c_int::try_from(why.len()).unwrap_or_default();
            ffi::sqlite3_result_error(context, why.as_ptr().cast(), length);
        }
    }
}

macro_rules! stand_ins {
    ($($at:literal)*) => { [$(stand_in::<$at>),*] };
}

static STAND_INS: [Scalar; PLACES] = stand_ins![
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43
    44 45 46 47 48 49 50 51 52 53 54 55 56
];

/// Replaces these functions on a connection.
pub(crate) fn replace(connection: &Connection, functions: &'static [Replaced]) -> Result<()> {
    for (at, function) in functions.iter().enumerate() {
        let (Some(place), Some(stand_in)) = (OWN.get(at), STAND_INS.get(at)) else {
            return Err(other_version());
        };
        let own = match place.get() {
            Some(own) => *own,
            None => *place.get_or_init(|| {
                // A place is filled once for the process. If it cannot be, the error is made below.
                own_function(connection, function).unwrap_or(Own {
                    call: *stand_in,
                    data: 0,
                    flags: 0,
                    charge: function.charge,
                })
            }),
        };
        if ptr::fn_addr_eq(own.call, *stand_in) {
            return Err(other_version());
        }
        let name = CString::new(function.name).map_err(|_| other_version())?;
        let flags = ffi::SQLITE_UTF8 | ffi::SQLITE_DETERMINISTIC | ffi::SQLITE_INNOCUOUS;
        // SAFETY: the connection is open, and the data is a number.
        let code = unsafe {
            ffi::sqlite3_create_function_v2(
                connection.handle(),
                name.as_ptr(),
                function.arguments,
                flags | own.flags,
                ptr::without_provenance_mut(own.data),
                Some(*stand_in),
                None,
                None,
                None,
            )
        };
        check(code)?;
    }
    Ok(())
}

fn own_function(connection: &Connection, function: &Replaced) -> Option<Own> {
    let sql = CString::new(format!("SELECT {}", function.example)).ok()?;
    operands(connection, &sql, CALL, |operand| {
        // SAFETY: in this version of SQLite, the operand of this kind is a call, with a function that has a name.
        unsafe {
            let found = operand.cast::<Call>().as_ref()?.function.as_ref()?;
            let name = CStr::from_ptr(found.name).to_str().ok()?;
            (name == function.name).then_some(Own {
                call: found.call?,
                data: found.data.addr(),
                flags: found.flags.cast_signed() & SUBTYPES,
                charge: function.charge,
            })
        }
    })
}

/// The methods of a table function that is replaced, and of SQLite's own.
struct Tables {
    own: ffi::sqlite3_module,
    replaced: ffi::sqlite3_module,
    charge: Charge,
}

static TABLES: OnceLock<Option<Tables>> = OnceLock::new();

/// Replaces table functions of one module. All have its methods, and their arguments are charged for whenever their rows
/// are read from the start.
pub(crate) fn replace_tables(
    connection: &Connection,
    names: &[&str],
    charge: Charge,
) -> Result<()> {
    let tables = TABLES.get_or_init(|| {
        let name = names.first()?;
        let sql = CString::new(format!("SELECT 1 FROM {name}('[]')")).ok()?;
        let own = operands(connection, &sql, INSTANCE, |operand| {
            // SAFETY: in this version of SQLite, the operand of this kind is an instance, with a module that has a name.
            unsafe {
                let module = operand.cast::<Instance>().as_ref()?.module.as_ref()?;
                let found = CStr::from_ptr(module.name).to_str().ok()?;
                (found == *name).then(|| module.methods.as_ref().copied())?
            }
        })?;
        let replaced = ffi::sqlite3_module {
            xFilter: Some(filter),
            ..own
        };
        Some(Tables {
            own,
            replaced,
            charge,
        })
    });
    let tables = tables.as_ref().ok_or_else(other_version)?;
    for name in names {
        let name = CString::new(*name).map_err(|_| other_version())?;
        // SAFETY: the connection is open, and the methods are never freed.
        let code = unsafe {
            ffi::sqlite3_create_module_v2(
                connection.handle(),
                name.as_ptr(),
                &raw const tables.replaced,
                null_mut(),
                None,
            )
        };
        check(code)?;
    }
    Ok(())
}

unsafe extern "C" fn filter(
    cursor: *mut ffi::sqlite3_vtab_cursor,
    index: c_int,
    text: *const c_char,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) -> c_int {
    let Some(Some(tables)) = TABLES.get() else {
        return ffi::SQLITE_ERROR;
    };
    // SAFETY: SQLite passes so many values, and a cursor that SQLite's own method made.
    unsafe {
        let arguments = match usize::try_from(count) {
            Ok(count) if count > 0 => slice::from_raw_parts(values, count),
            _ => &[],
        };
        if (tables.charge.before)(&Arguments(arguments)).is_err() {
            return ffi::SQLITE_INTERRUPT;
        }
        let before = allocated();
        let code = match tables.own.xFilter {
            Some(own) => own(cursor, index, text, count, values),
            None => ffi::SQLITE_ERROR,
        };
        // If the run cannot pay, SQLite is stopped between its next steps.
        let _ = (tables.charge.after)(allocated().wrapping_sub(before));
        code
    }
}
