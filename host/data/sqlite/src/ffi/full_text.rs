//! Counts the words of the patterns that full text is searched for. A pattern can be made while a statement runs, so its
//! text does not tell them.
//!
//! FTS5 splits patterns and documents with a tokenizer. Those of FTS5 are wrapped here. FTS5's public interface can add
//! a tokenizer, but tables that name no tokenizer use the one that it had first. So the wrapper is put into that one's
//! private structure, after a look whether it has what the public interface says.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{self, null_mut};
use std::sync::OnceLock;

use rusqlite::{Connection, Result, ffi};

use super::private::{check, is_this_version, other_version};

/// `struct Fts5TokenizerModule`, up to its methods.
#[repr(C)]
struct Module {
    _name: *const c_char,
    _data: *const c_void,
    is_second_version: c_int,
    methods: ffi::fts5_tokenizer,
}

/// FTS5's tokenizers. Another one, `porter`, uses these.
const TOKENIZERS: [&CStr; 3] = [c"unicode61", c"ascii", c"trigram"];

/// Is told of the bytes of a word or phrase, and whether it is the beginning of words.
type Told = fn(u64, bool);

type Token =
    Option<unsafe extern "C" fn(*mut c_void, c_int, *const c_char, c_int, c_int, c_int) -> c_int>;
type Tokenize = unsafe extern "C" fn(
    *mut ffi::Fts5Tokenizer,
    *mut c_void,
    c_int,
    *const c_char,
    c_int,
    Token,
) -> c_int;

/// FTS5's own tokenizers, and who is told of patterns.
static OWN: [OnceLock<(Tokenize, Told)>; 3] = [const { OnceLock::new() }; 3];

static WRAPPERS: [Tokenize; 3] = [wrapped::<0>, wrapped::<1>, wrapped::<2>];

unsafe extern "C" fn wrapped<const AT: usize>(
    tokenizer: *mut ffi::Fts5Tokenizer,
    context: *mut c_void,
    why: c_int,
    text: *const c_char,
    length: c_int,
    token: Token,
) -> c_int {
    let Some((own, is_searched_for)) = OWN[AT].get() else {
        return ffi::SQLITE_ERROR;
    };
    if why & ffi::FTS5_TOKENIZE_QUERY != 0 {
        let is_prefix = why & ffi::FTS5_TOKENIZE_PREFIX != 0;
        is_searched_for(u64::try_from(length).unwrap_or_default(), is_prefix);
    }
    // SAFETY: FTS5's own tokenizer is called with what FTS5 passed.
    unsafe { own(tokenizer, context, why, text, length, token) }
}

/// Tells `is_searched_for` the bytes of each word or phrase of a pattern, on this connection, before it is searched for,
/// and whether it is the beginning of words.
pub(crate) fn count_patterns(connection: &Connection, is_searched_for: Told) -> Result<()> {
    let api = api(connection)?;
    for (at, name) in TOKENIZERS.iter().enumerate() {
        let mut methods = ffi::fts5_tokenizer {
            xCreate: None,
            xDelete: None,
            xTokenize: None,
        };
        let (mut data, mut module, mut second) = (null_mut(), null_mut(), null_mut());
        // SAFETY: the interface is that of an open connection, and all places are local variables. For a tokenizer of the
        // first version, the second call returns its private structure as its data. The structure is written to only if it
        // has the public methods.
        unsafe {
            let (Some(find), Some(find_second)) = ((*api).xFindTokenizer, (*api).xFindTokenizer_v2)
            else {
                return Err(other_version());
            };
            check(find(api, name.as_ptr(), &raw mut data, &raw mut methods))?;
            check(find_second(
                api,
                name.as_ptr(),
                &raw mut module,
                &raw mut second,
            ))?;
            let Some(module) = module.cast::<Module>().as_mut() else {
                return Err(other_version());
            };
            let (Some(found), Some(own)) = (module.methods.xTokenize, methods.xTokenize) else {
                return Err(other_version());
            };
            if module.is_second_version != 0 || !ptr::fn_addr_eq(found, own) {
                return Err(other_version());
            }
            if !ptr::fn_addr_eq(own, WRAPPERS[at]) {
                OWN[at].get_or_init(|| (own, is_searched_for));
                module.methods.xTokenize = Some(WRAPPERS[at]);
            }
        }
    }
    Ok(())
}

/// FTS5's interface on this connection.
fn api(connection: &Connection) -> Result<*mut ffi::fts5_api> {
    let mut api: *mut ffi::fts5_api = null_mut();
    let mut raw = null_mut();
    // SAFETY: the connection is open. This is how FTS5 hands out its interface: it writes the address to the place that is
    // bound.
    unsafe {
        check(ffi::sqlite3_prepare_v2(
            connection.handle(),
            c"SELECT fts5(?1)".as_ptr(),
            -1,
            &raw mut raw,
            null_mut(),
        ))?;
        ffi::sqlite3_bind_pointer(
            raw,
            1,
            (&raw mut api).cast(),
            c"fts5_api_ptr".as_ptr(),
            None,
        );
        ffi::sqlite3_step(raw);
        ffi::sqlite3_finalize(raw);
    }
    if api.is_null() || !is_this_version() {
        return Err(other_version());
    }
    Ok(api)
}
