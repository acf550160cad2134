//! SQLite's caches of pages, with a note of what is allocated for pages and of the pages that a statement asks for. Which
//! pages are in a cache depends on what the connection did before, so they count as no values.

use std::cell::Cell;
use std::ffi::{c_int, c_uint};
use std::ptr::{NonNull, null, null_mut};
use std::sync::OnceLock;

use rusqlite::ffi;

use super::private::Program;
use crate::recent;

thread_local! {
    static ARE_ALLOCATED: Cell<bool> = const { Cell::new(false) };
    /// The statement that this thread runs for a guest.
    static RUNNING: Cell<*const Program> = const { Cell::new(null()) };
}

/// Whether SQLite allocates memory for pages at the moment, on this thread.
pub(super) fn are_allocated() -> bool {
    ARE_ALLOCATED.get()
}

fn for_pages<T>(work: impl FnOnce() -> T) -> T {
    let before = ARE_ALLOCATED.replace(true);
    let done = work();
    ARE_ALLOCATED.set(before);
    done
}

/// A statement of which the pages are noted, until this is dropped.
pub(crate) struct Noted;

impl Noted {
    /// The statement must not be finalised until this is dropped.
    pub(super) fn new(statement: NonNull<ffi::sqlite3_stmt>) -> Noted {
        RUNNING.set(statement.cast().as_ptr());
        Noted
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        RUNNING.set(null());
    }
}

/// Whether this thread runs a statement for a guest, which has not failed.
fn is_running() -> bool {
    let program = RUNNING.get();
    // SAFETY: whoever made `Noted` keeps the statement until it is dropped. In this version of SQLite, a statement begins like
    // `Program`. SQLite has called this function on the same thread, so nothing else changes the statement now.
    !program.is_null() && unsafe { (*program).code } == ffi::SQLITE_OK
}

/// SQLite's own methods of a cache.
static OWN: OnceLock<Own> = OnceLock::new();

type Cache = ffi::sqlite3_pcache;
type Page = ffi::sqlite3_pcache_page;

struct Own {
    create: unsafe extern "C" fn(c_int, c_int, c_int) -> *mut Cache,
    set_size: unsafe extern "C" fn(*mut Cache, c_int),
    count: unsafe extern "C" fn(*mut Cache) -> c_int,
    fetch: unsafe extern "C" fn(*mut Cache, c_uint, c_int) -> *mut Page,
    unpin: unsafe extern "C" fn(*mut Cache, *mut Page, c_int),
    rename: unsafe extern "C" fn(*mut Cache, *mut Page, c_uint, c_uint),
    truncate: unsafe extern "C" fn(*mut Cache, c_uint),
    destroy: unsafe extern "C" fn(*mut Cache),
    shrink: unsafe extern "C" fn(*mut Cache),
}

impl Own {
    fn of(methods: &ffi::sqlite3_pcache_methods2) -> Option<Own> {
        Some(Own {
            create: methods.xCreate?,
            set_size: methods.xCachesize?,
            count: methods.xPagecount?,
            fetch: methods.xFetch?,
            unpin: methods.xUnpin?,
            rename: methods.xRekey?,
            truncate: methods.xTruncate?,
            destroy: methods.xDestroy?,
            shrink: methods.xShrink?,
        })
    }
}

/// What SQLite has as a cache: its own, and whether the pages are those of a file. The others are those of a database in
/// memory, and of trees that a statement builds.
struct Wrapped {
    own: *mut Cache,
    is_of_file: bool,
}

// SAFETY of all methods below: SQLite calls them with a cache that `create` returned and `destroy` has not had, from one
// thread at a time. Each calls SQLite's own method with the cache that SQLite's own `create` returned, and with what else
// SQLite passed. `OWN` is set before SQLite has these methods.

unsafe extern "C" fn create(
    page_bytes: c_int,
    extra_bytes: c_int,
    may_shrink: c_int,
) -> *mut Cache {
    let Some(methods) = OWN.get() else {
        return null_mut();
    };
    // SAFETY: see above.
    let own = for_pages(|| unsafe { (methods.create)(page_bytes, extra_bytes, may_shrink) });
    if own.is_null() {
        return null_mut();
    }
    let wrapped = Wrapped {
        own,
        // What is nowhere else must not be thrown away.
        is_of_file: may_shrink != 0,
    };
    Box::into_raw(Box::new(wrapped)).cast()
}

unsafe extern "C" fn fetch(cache: *mut Cache, page: c_uint, may_create: c_int) -> *mut Page {
    let Some(methods) = OWN.get() else {
        return null_mut();
    };
    // SAFETY: see above.
    let wrapped = unsafe { &*cache.cast::<Wrapped>() };
    // SAFETY: see above.
    let got = for_pages(|| unsafe { (methods.fetch)(wrapped.own, page, may_create) });
    // Three kinds of calls depend on what is in the cache, and do not count. SQLite looks whether a page is there, and goes
    // without it otherwise. It asks first for a page that costs no writing of another, and again if there is none. And when a
    // statement fails, it gets the pages that it has written to the log since the statement began.
    if may_create != 0 && !got.is_null() && wrapped.is_of_file && is_running() {
        recent::note(page);
    }
    got
}

/// Calls a method of SQLite's with its own cache.
macro_rules! passed_on {
    ($method:ident($($name:ident: $type:ty),*) $(-> $result:ty = $none:expr)?) => {
        unsafe extern "C" fn $method(cache: *mut Cache $(, $name: $type)*) $(-> $result)? {
            let Some(methods) = OWN.get() else {
                return $($none)?;
            };
            // SAFETY: see above.
            unsafe { (methods.$method)((*cache.cast::<Wrapped>()).own $(, $name)*) }
        }
    };
}

passed_on!(set_size(pages: c_int));
passed_on!(count() -> c_int = 0);
passed_on!(unpin(page: *mut Page, is_to_go: c_int));
passed_on!(rename(page: *mut Page, from: c_uint, to: c_uint));
passed_on!(truncate(from: c_uint));
passed_on!(shrink());

unsafe extern "C" fn destroy(cache: *mut Cache) {
    if let Some(methods) = OWN.get() {
        // SAFETY: see above. `create` made the box, and SQLite destroys a cache once.
        unsafe {
            let wrapped = Box::from_raw(cache.cast::<Wrapped>());
            (methods.destroy)(wrapped.own);
        }
    }
}

/// Puts the methods above in the place of SQLite's own. Returns whether that was done.
pub(super) fn wrap() -> bool {
    // SAFETY: this runs before SQLite is initialised, and SQLite copies the tables. Zeros are a table without methods.
    unsafe {
        let mut pages = std::mem::zeroed::<ffi::sqlite3_pcache_methods2>();
        let got = ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETPCACHE2, &raw mut pages);
        let ours = ffi::sqlite3_pcache_methods2 {
            xCreate: Some(create),
            xCachesize: Some(set_size),
            xPagecount: Some(count),
            xFetch: Some(fetch),
            xUnpin: Some(unpin),
            xRekey: Some(rename),
            xTruncate: Some(truncate),
            xDestroy: Some(destroy),
            xShrink: Some(shrink),
            ..pages
        };
        got == ffi::SQLITE_OK
            && Own::of(&pages).is_some_and(|own| OWN.set(own).is_ok())
            && ffi::sqlite3_config(ffi::SQLITE_CONFIG_PCACHE2, &raw const ours) == ffi::SQLITE_OK
    }
}
