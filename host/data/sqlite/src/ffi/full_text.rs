//! Counts the words of the patterns that full text is searched for, and of the documents that it reads. A pattern can be made
//! while a statement runs, so its text does not tell them.
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

/// A text that was split into words.
pub(crate) struct Tokens {
    pub(crate) bytes: u64,
    pub(crate) words: u64,
    pub(crate) of: Of,
}

/// What the text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// A word or phrase of a pattern.
    Pattern,
    /// The beginning of a word, in a pattern.
    Prefix,
    /// A document that is added or removed.
    Document,
    /// A document that a function reads.
    Function,
}

/// Is told of each text. Returns whether to go on.
type Told = fn(&Tokens) -> bool;

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

/// FTS5's own tokenizers, and who is told of texts.
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
    let Some((own, told)) = OWN[AT].get() else {
        return ffi::SQLITE_ERROR;
    };
    let mut counted = Counted {
        context,
        token,
        words: 0,
    };
    // SAFETY: FTS5's own tokenizer is called with what FTS5 passed, and with a place that lives during the call.
    let code = unsafe {
        own(
            tokenizer,
            (&raw mut counted).cast(),
            why,
            text,
            length,
            Some(count),
        )
    };
    let tokens = Tokens {
        bytes: u64::try_from(length).unwrap_or_default(),
        words: counted.words,
        of: match why {
            _ if why & ffi::FTS5_TOKENIZE_PREFIX != 0 => Of::Prefix,
            _ if why & ffi::FTS5_TOKENIZE_QUERY != 0 => Of::Pattern,
            _ if why & ffi::FTS5_TOKENIZE_DOCUMENT != 0 => Of::Document,
            _ => Of::Function,
        },
    };
    match code {
        ffi::SQLITE_OK if !told(&tokens) => ffi::SQLITE_INTERRUPT,
        code => code,
    }
}

/// Where FTS5 takes the words, and how many it has taken.
struct Counted {
    context: *mut c_void,
    token: Token,
    words: u64,
}

unsafe extern "C" fn count(
    context: *mut c_void,
    flags: c_int,
    word: *const c_char,
    length: c_int,
    start: c_int,
    end: c_int,
) -> c_int {
    // SAFETY: a tokenizer passes on the place that `wrapped` gave it, which lives during the call. FTS5's own function is called
    // with what the tokenizer passed.
    unsafe {
        let counted = &mut *context.cast::<Counted>();
        counted.words += 1;
        match counted.token {
            Some(token) => token(counted.context, flags, word, length, start, end),
            None => ffi::SQLITE_ERROR,
        }
    }
}

/// Tells `told` of each text that FTS5 splits into words on this connection.
pub(crate) fn count_tokens(connection: &Connection, told: Told) -> Result<()> {
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
                OWN[at].get_or_init(|| (own, told));
                module.methods.xTokenize = Some(WRAPPERS[at]);
            }
        }
    }
    Ok(())
}

/// FTS5's interface on this connection.
pub(super) fn api(connection: &Connection) -> Result<*mut ffi::fts5_api> {
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
