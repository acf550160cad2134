//! SQLite's cache of pages, with a note of what is allocated for pages. Which pages are in a cache depends on what the
//! connection did before, so they count as no values.

use std::cell::Cell;
use std::ffi::{c_int, c_uint};
use std::ptr::null_mut;
use std::sync::OnceLock;

use rusqlite::ffi;

thread_local! {
    static ARE_ALLOCATED: Cell<bool> = const { Cell::new(false) };
}

/// Whether SQLite allocates memory for pages at the moment, on this thread.
pub(super) fn are_allocated() -> bool {
    ARE_ALLOCATED.get()
}

type Fetch =
    unsafe extern "C" fn(*mut ffi::sqlite3_pcache, c_uint, c_int) -> *mut ffi::sqlite3_pcache_page;

type Create = unsafe extern "C" fn(c_int, c_int, c_int) -> *mut ffi::sqlite3_pcache;

/// How SQLite's own cache is made, and how it gets a page.
static PAGES: OnceLock<(Create, Fetch)> = OnceLock::new();

fn for_pages<T>(work: impl FnOnce() -> T) -> T {
    let before = ARE_ALLOCATED.replace(true);
    let done = work();
    ARE_ALLOCATED.set(before);
    done
}

unsafe extern "C" fn create(
    page_bytes: c_int,
    extra_bytes: c_int,
    may_shrink: c_int,
) -> *mut ffi::sqlite3_pcache {
    let Some((own, _)) = PAGES.get() else {
        return null_mut();
    };
    // SAFETY: SQLite's own method is called with what SQLite passed.
    for_pages(|| unsafe { own(page_bytes, extra_bytes, may_shrink) })
}

unsafe extern "C" fn fetch(
    cache: *mut ffi::sqlite3_pcache,
    page: c_uint,
    may_create: c_int,
) -> *mut ffi::sqlite3_pcache_page {
    let Some((_, own)) = PAGES.get() else {
        return null_mut();
    };
    // SAFETY: SQLite's own method is called with what SQLite passed.
    for_pages(|| unsafe { own(cache, page, may_create) })
}

/// Puts `create` and `fetch` in the place of two methods of SQLite's cache. Returns whether that was done.
pub(super) fn wrap() -> bool {
    // SAFETY: this runs before SQLite is initialised, and SQLite copies the tables. Zeros are a table without methods.
    unsafe {
        let mut pages = std::mem::zeroed::<ffi::sqlite3_pcache_methods2>();
        let got = ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETPCACHE2, &raw mut pages);
        let ours = ffi::sqlite3_pcache_methods2 {
            xCreate: Some(create),
            xFetch: Some(fetch),
            ..pages
        };
        let own = pages.xCreate.zip(pages.xFetch);
        got == ffi::SQLITE_OK
            && own.is_some_and(|own| PAGES.set(own).is_ok())
            && ffi::sqlite3_config(ffi::SQLITE_CONFIG_PCACHE2, &raw const ours) == ffi::SQLITE_OK
    }
}
