//! Makes SQLite read all pages through its cache. Otherwise it reads most of a large value past the cache, if the file has the pages
//! and not the log, and if no page is dirty. What a statement asks for would depend on that, and these pages would not be noted.

use std::ffi::c_int;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::ffi;

/// The original file system, which is never freed.
static ORIGINAL: AtomicPtr<ffi::sqlite3_vfs> = AtomicPtr::new(null_mut());

/// Makes a copy of a file system open files in this way.
pub(super) fn replace(copy: &mut ffi::sqlite3_vfs, original: *mut ffi::sqlite3_vfs) {
    ORIGINAL.store(original, Ordering::Release);
    copy.xOpen = Some(open);
}

/// The methods of a file, with one replaced. It begins with what SQLite knows.
#[repr(C)]
struct Methods {
    replaced: ffi::sqlite3_io_methods,
    own: &'static ffi::sqlite3_io_methods,
}

/// A file system has a few tables of methods. Each is copied once, and never freed.
static COPIES: Mutex<Vec<&'static Methods>> = Mutex::new(Vec::new());

fn copy_of(own: &'static ffi::sqlite3_io_methods) -> &'static Methods {
    let mut copies = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(copy) = copies.iter().find(|copy| std::ptr::eq(copy.own, own)) {
        return copy;
    }
    let replaced = ffi::sqlite3_io_methods {
        xDeviceCharacteristics: Some(characteristics),
        ..*own
    };
    let copy: &Methods = Box::leak(Box::new(Methods { replaced, own }));
    copies.push(copy);
    copy
}

/// Opens a file as the original file system does.
unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    opened: *mut c_int,
) -> c_int {
    let system = ORIGINAL.load(Ordering::Acquire);
    // SAFETY: `replace` was called before SQLite had this function. SQLite passes what the original expects, which is called with
    // itself. The tables of its methods are static.
    unsafe {
        let Some(own) = (*system).xOpen else {
            return ffi::SQLITE_CANTOPEN;
        };
        let code = own(system, name, file, flags, opened);
        if let Some(methods) = (*file).pMethods.as_ref() {
            (*file).pMethods = &raw const copy_of(methods).replaced;
        }
        code
    }
}

/// What the file's device can do, without reading a part of a page.
unsafe extern "C" fn characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: only `copy_of` hands out this function, so the file's methods are the beginning of `Methods`.
    unsafe {
        let methods = &*(*file).pMethods.cast::<Methods>();
        let own = methods.own.xDeviceCharacteristics;
        own.map_or(0, |own| own(file)) & !ffi::SQLITE_IOCAP_SUBPAGE_READ
    }
}
