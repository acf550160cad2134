//! FTS5's functions `bm25`, `highlight` and `snippet`, with a look at how much they have to do before they are called.
//!
//! FTS5 calls each of them for one document. Their time grows with the product of two numbers: of the places that were found and
//! the phrases, of the places and the text, or of the places and the places. Nothing interrupts them.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::{self, null_mut};
use std::slice;
use std::sync::OnceLock;

use rusqlite::{Connection, Result, ffi};

use super::full_text::api;
use super::private::{self, FullText, other_version};
use super::searched::{Part, in_search};

/// A function of FTS5's that is replaced.
pub(crate) struct Auxiliary {
    pub(crate) name: &'static CStr,
    /// Whether its first argument is a column, of which it reads the text.
    pub(crate) reads_text: bool,
    /// Charges for a call before it is made. Returns whether it is made.
    pub(crate) may_call: fn(&Found) -> bool,
}

/// What FTS5 found in the document for which a function is called.
pub(crate) struct Found {
    pub(crate) phrases: u64,
    /// At most so many places.
    pub(crate) places: u64,
    /// The bytes of the column that the first argument names, or of all columns if it names none.
    pub(crate) text_bytes: u64,
    /// The bytes of the second and the third argument, which `highlight` puts before and after each place.
    pub(crate) mark_bytes: u64,
}

type Call = unsafe extern "C" fn(
    *const ffi::Fts5ExtensionApi,
    *mut ffi::Fts5Context,
    *mut ffi::sqlite3_context,
    c_int,
    *mut *mut ffi::sqlite3_value,
);

/// FTS5's own functions, in the order of [`CALLS`].
static OWN: [OnceLock<(Call, &'static Auxiliary)>; 3] = [const { OnceLock::new() }; 3];

static CALLS: [Call; 3] = [stand_in::<0>, stand_in::<1>, stand_in::<2>];

unsafe extern "C" fn stand_in<const AT: usize>(
    api: *const ffi::Fts5ExtensionApi,
    context: *mut ffi::Fts5Context,
    result: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    let Some((own, auxiliary)) = OWN[AT].get() else {
        return;
    };
    // SAFETY: FTS5 passes its interface and so many values, which live during the call. Its own function is called with what
    // FTS5 passed.
    unsafe {
        let arguments = match usize::try_from(count) {
            Ok(count) if count > 0 && auxiliary.reads_text => slice::from_raw_parts(values, count),
            _ => &[],
        };
        let may_call = api
            .as_ref()
            .and_then(|api| found(api, context, arguments))
            .is_some_and(|found| (auxiliary.may_call)(&found));
        if may_call {
            in_search(Part::Function, || own(api, context, result, count, values));
        } else {
            ffi::sqlite3_result_error_code(result, ffi::SQLITE_ERROR);
        }
    }
}

/// Looks at the document.
///
/// # Safety
///
/// The interface, the context and the arguments are those of a call that FTS5 makes now.
unsafe fn found(
    api: &ffi::Fts5ExtensionApi,
    context: *mut ffi::Fts5Context,
    arguments: &[*mut ffi::sqlite3_value],
) -> Option<Found> {
    // SAFETY: by the caller's promise. The places are local variables, and the lists that FTS5 lends are only measured.
    unsafe {
        let phrases = api.xPhraseCount?(context);
        let mut places = 0;
        for phrase in 0..phrases {
            let mut list = ffi::Fts5PhraseIter {
                a: ptr::null(),
                b: ptr::null(),
            };
            let (mut column, mut offset) = (0, 0);
            let code = api.xPhraseFirst?(
                context,
                phrase,
                &raw mut list,
                &raw mut column,
                &raw mut offset,
            );
            if code == ffi::SQLITE_OK && column >= 0 {
                // Each place has at least one byte. FTS5 has read the first one.
                places += 1 + list.b.addr().saturating_sub(list.a.addr()) as u64;
            }
        }
        let bytes = |at: usize| {
            let value = arguments.get(at)?;
            u64::try_from(ffi::sqlite3_value_bytes(*value)).ok()
        };
        let column = arguments
            .first()
            .map_or(-1, |value| ffi::sqlite3_value_int64(*value));
        let columns = api.xColumnCount?(context);
        let mut text_bytes = 0;
        for at in 0..columns {
            if !arguments.is_empty() && (column < 0 || column == i64::from(at)) {
                let (mut text, mut length): (*const c_char, c_int) = (ptr::null(), 0);
                api.xColumnText?(context, at, &raw mut text, &raw mut length);
                text_bytes += u64::try_from(length).unwrap_or_default();
            }
        }
        Some(Found {
            phrases: u64::try_from(phrases).unwrap_or_default(),
            places,
            text_bytes,
            mark_bytes: bytes(1).unwrap_or_default() + bytes(2).unwrap_or_default(),
        })
    }
}

/// Replaces these functions on a connection.
pub(crate) fn replace_auxiliaries(
    connection: &Connection,
    auxiliaries: &'static [Auxiliary; 3],
) -> Result<()> {
    let full_text = api(connection)?.cast::<FullText>();
    for ((auxiliary, own), stand_in) in auxiliaries.iter().zip(&OWN).zip(CALLS) {
        // SAFETY: `api` has looked at the version of SQLite. In this one, the interface is the beginning of `FullText`, whose list
        // of functions ends with null. FTS5 reads the list only while the connection is used, and this is the only use now.
        unsafe {
            let mut next = full_text.as_ref().map_or(null_mut(), |all| all.functions);
            let found = loop {
                let Some(function) = next.as_mut() else {
                    return Err(other_version());
                };
                if CStr::from_ptr(function.name) == auxiliary.name {
                    break function;
                }
                next = function.next;
            };
            let is_its_own = full_text
                .as_ref()
                .is_some_and(|all| ptr::eq(all.db, connection.handle()));
            let (Some(call), true, true) = (found.call, is_its_own, found.data.is_null()) else {
                return Err(other_version());
            };
            if !ptr::fn_addr_eq(call, stand_in) {
                own.get_or_init(|| (call, auxiliary));
                let function: &mut private::Auxiliary = found;
                function.call = Some(stand_in);
            }
        }
    }
    Ok(())
}
