//! The file system that SQLite uses here: its own, with the run's clock.

use std::ffi::{CStr, CString, c_int};
use std::ptr::{self, null_mut};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use rusqlite::ffi;

use super::memory::{CONFIGURED, now_ms};
use super::whole_pages;

/// The Julian day of 1970-01-01, in milliseconds.
const JULIAN_1970_MS: i64 = 210_866_760_000_000;

struct FileSystem {
    name: CString,
    original: *mut ffi::sqlite3_vfs,
}

// SAFETY: the pointer is to SQLite's own default file system, which is static. All threads may use it.
unsafe impl Send for FileSystem {}
// SAFETY: the same.
unsafe impl Sync for FileSystem {}

static FILE_SYSTEM: OnceLock<Option<FileSystem>> = OnceLock::new();

/// The name of the file system that has the run's clock, or `None` if SQLite was set up without it.
pub(crate) fn file_system() -> Option<&'static CStr> {
    let made = FILE_SYSTEM.get_or_init(|| {
        if !CONFIGURED.load(Ordering::Acquire) {
            return None;
        }
        let name = c"fractalaw".to_owned();
        // SAFETY: the first call initialises SQLite. The copy and its name are never freed. Local time is refused
        // in the whole process, because it depends on the machine.
        unsafe {
            if ffi::sqlite3_initialize() != ffi::SQLITE_OK {
                return None;
            }
            let original = ffi::sqlite3_vfs_find(ptr::null());
            let mut copy = Box::new(*original.as_ref()?);
            copy.zName = name.as_ptr();
            copy.pNext = null_mut();
            whole_pages::replace(&mut copy, original);
            copy.xCurrentTime = Some(current_day);
            copy.xCurrentTimeInt64 = Some(current_ms);
            ffi::sqlite3_vfs_register(Box::into_raw(copy), 0);
            ffi::sqlite3_test_control(ffi::SQLITE_TESTCTRL_LOCALTIME_FAULT, 1 as c_int);
            Some(FileSystem { name, original })
        }
    });
    made.as_ref().map(|made| made.name.as_c_str())
}

/// SQLite's own file system, which is never freed.
fn original() -> Option<*mut ffi::sqlite3_vfs> {
    FILE_SYSTEM.get()?.as_ref().map(|made| made.original)
}

unsafe extern "C" fn current_ms(_: *mut ffi::sqlite3_vfs, time: *mut i64) -> c_int {
    let now = now_ms();
    // SAFETY: SQLite passes a place for the time. The original is called with itself, as if it had not been
    // copied.
    unsafe {
        if let Some(now) = now {
            *time = now.saturating_add(JULIAN_1970_MS);
            return ffi::SQLITE_OK;
        }
        let Some(system) = original() else {
            return ffi::SQLITE_ERROR;
        };
        match (*system).xCurrentTimeInt64 {
            Some(original) => original(system, time),
            None => ffi::SQLITE_ERROR,
        }
    }
}

unsafe extern "C" fn current_day(system: *mut ffi::sqlite3_vfs, day: *mut f64) -> c_int {
    let mut ms = 0;
    // SAFETY: SQLite passes a place for the day.
    unsafe {
        let code = current_ms(system, &raw mut ms);
        *day = ms as f64 / 86_400_000.0;
        code
    }
}
