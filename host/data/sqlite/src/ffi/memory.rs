//! SQLite's memory. It comes from Rust's allocator and is counted for the call that a thread is making.

use std::alloc::Layout;
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, ffi};

use crate::limits::LARGE_BYTES;

/// What one thread's call made SQLite allocate.
struct Meter {
    active: Cell<bool>,
    /// The bytes held now, without those held when the call began.
    held: Cell<i64>,
    most: Cell<i64>,
    refused: Cell<bool>,
    /// The connection that is interrupted at the limit, instead of being refused memory.
    interrupted: Cell<*mut ffi::sqlite3>,
    /// The same, only for large allocations.
    large: Cell<i64>,
    large_peak: Cell<i64>,
    /// The bytes of all large allocations, whether they were freed or not.
    large_sum: Cell<u64>,
    /// The current time for SQL, in milliseconds since 1970.
    now: Cell<Option<i64>>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            active: Cell::new(false),
            held: Cell::new(0),
            most: Cell::new(0),
            refused: Cell::new(false),
            interrupted: Cell::new(null_mut()),
            large: Cell::new(0),
            large_peak: Cell::new(0),
            large_sum: Cell::new(0),
            now: Cell::new(None),
        }
    };
}

impl Meter {
    /// Whether this much more may be held.
    fn allows(&self, bytes: i64) -> bool {
        let held = self.held.get().saturating_add(bytes);
        if !self.active.get() || held <= self.most.get() {
            return true;
        }
        self.refused.set(true);
        let interrupted = self.interrupted.get();
        if interrupted.is_null() {
            return false;
        }
        // SAFETY: `Entered::short` was given an open connection, and whoever entered uses it until it leaves. This
        // sets a flag, at which SQLite looks between steps.
        unsafe { ffi::sqlite3_interrupt(interrupted) };
        true
    }

    fn add(&self, size: usize) {
        let bytes = size as i64;
        self.held.set(self.held.get().saturating_add(bytes));
        if size >= LARGE_BYTES {
            let large = self.large.get().saturating_add(bytes);
            self.large.set(large);
            self.large_peak.set(self.large_peak.get().max(large));
            self.large_sum
                .set(self.large_sum.get().saturating_add(size as u64));
        }
    }

    fn subtract(&self, size: usize) {
        let bytes = size as i64;
        self.held.set(self.held.get().saturating_sub(bytes));
        if size >= LARGE_BYTES {
            self.large.set(self.large.get().saturating_sub(bytes));
        }
    }
}

/// A call into SQLite on this thread, with a limit on memory and a time for SQL. It ends when this is dropped.
pub(crate) struct Entered;

impl Entered {
    pub(crate) fn new(memory_bytes: usize, now_ms: Option<i64>) -> Entered {
        METER.with(|meter| {
            meter.active.set(true);
            meter.held.set(0);
            meter
                .most
                .set(i64::try_from(memory_bytes).unwrap_or(i64::MAX));
            meter.refused.set(false);
            meter.interrupted.set(null_mut());
            meter.large.set(0);
            meter.large_peak.set(0);
            meter.large_sum.set(0);
            meter.now.set(now_ms);
        });
        Entered
    }

    /// The same for a query that may be given up. If SQLite were refused memory, it would roll back the transaction.
    /// It does not when a query is interrupted.
    pub(super) fn short(
        connection: *mut ffi::sqlite3,
        memory_bytes: usize,
        now_ms: Option<i64>,
    ) -> Entered {
        let entered = Entered::new(memory_bytes, now_ms);
        METER.with(|meter| meter.interrupted.set(connection));
        entered
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        METER.with(|meter| {
            meter.active.set(false);
            meter.interrupted.set(null_mut());
            meter.now.set(None);
        });
    }
}

/// Whether SQLite was refused memory since the call began.
pub(crate) fn memory_refused() -> bool {
    METER.with(|meter| meter.refused.get())
}

/// The bytes of large values since the last call of this function: the most that were held at once, and the sum
/// of all that were made.
pub(crate) fn take_large() -> (u64, u64) {
    METER.with(|meter| {
        let peak = u64::try_from(meter.large_peak.get()).unwrap_or_default();
        meter.large_peak.set(meter.large.get());
        (peak, meter.large_sum.replace(0))
    })
}

/// The bytes in front of each allocation. With them, the rest is aligned for every type.
const FRONT: usize = 16;

fn rounded(bytes: c_int) -> Option<usize> {
    let bytes = usize::try_from(bytes).ok().filter(|bytes| *bytes > 0)?;
    Some((bytes + 7) & !7)
}

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(FRONT)?, FRONT).ok()
}

/// # Safety
///
/// `place` was returned by [`allocate`] or [`reallocate`] and has not been freed.
unsafe fn size_of(place: *mut c_void) -> usize {
    // SAFETY: by the caller's promise, the size is in front.
    unsafe { place.cast::<u8>().sub(FRONT).cast::<usize>().read() }
}

unsafe extern "C" fn allocate(bytes: c_int) -> *mut c_void {
    let Some((size, layout)) = rounded(bytes).and_then(|size| Some((size, layout(size)?))) else {
        return null_mut();
    };
    METER.with(|meter| {
        if !meter.allows(size as i64) {
            return null_mut();
        }
        // SAFETY: the layout is not empty, and the size fits in front.
        unsafe {
            let start = std::alloc::alloc(layout);
            if start.is_null() {
                return null_mut();
            }
            start.cast::<usize>().write(size);
            meter.add(size);
            start.add(FRONT).cast()
        }
    })
}

unsafe extern "C" fn free(place: *mut c_void) {
    if place.is_null() {
        return;
    }
    // SAFETY: SQLite frees each allocation once. The layout is the one that it was allocated with.
    unsafe {
        let size = size_of(place);
        let Some(layout) = layout(size) else { return };
        METER.with(|meter| meter.subtract(size));
        std::alloc::dealloc(place.cast::<u8>().sub(FRONT), layout);
    }
}

unsafe extern "C" fn reallocate(place: *mut c_void, bytes: c_int) -> *mut c_void {
    let Some(size) = rounded(bytes) else {
        return null_mut();
    };
    // SAFETY: SQLite passes an allocation that it was given. The layout is the one that it was allocated with.
    unsafe {
        let before = size_of(place);
        let (Some(old), Some(_)) = (layout(before), layout(size)) else {
            return null_mut();
        };
        METER.with(|meter| {
            if !meter.allows(size as i64 - before as i64) {
                return null_mut();
            }
            let start = std::alloc::realloc(place.cast::<u8>().sub(FRONT), old, size + FRONT);
            if start.is_null() {
                return null_mut();
            }
            start.cast::<usize>().write(size);
            meter.subtract(before);
            meter.add(size);
            start.add(FRONT).cast()
        })
    }
}

unsafe extern "C" fn size(place: *mut c_void) -> c_int {
    if place.is_null() {
        return 0;
    }
    // SAFETY: SQLite passes an allocation that it was given.
    c_int::try_from(unsafe { size_of(place) }).unwrap_or(c_int::MAX)
}

unsafe extern "C" fn round_up(bytes: c_int) -> c_int {
    bytes.saturating_add(7) & !7
}

unsafe extern "C" fn nothing_to_begin(_: *mut c_void) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn nothing_to_end(_: *mut c_void) {}

pub(super) static CONFIGURED: AtomicBool = AtomicBool::new(false);

/// Gives SQLite the allocator that counts.
extern "C" fn configure() {
    let methods = ffi::sqlite3_mem_methods {
        xMalloc: Some(allocate),
        xFree: Some(free),
        xRealloc: Some(reallocate),
        xSize: Some(size),
        xRoundup: Some(round_up),
        xInit: Some(nothing_to_begin),
        xShutdown: Some(nothing_to_end),
        pAppData: null_mut(),
    };
    // SAFETY: nothing else runs yet, and SQLite copies the table. The second setting makes SQLite sort in many
    // small allocations, so that only values are large.
    let done = unsafe {
        ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const methods) == ffi::SQLITE_OK
            && ffi::sqlite3_config(ffi::SQLITE_CONFIG_SMALL_MALLOC, 1 as c_int) == ffi::SQLITE_OK
    };
    CONFIGURED.store(done, Ordering::Release);
}

/// Makes a new connection take all its memory from the allocator. A connection's own store of small pieces would
/// make what a statement may take depend on what the connection did before.
pub(crate) fn without_small_pieces(connection: &Connection) -> rusqlite::Result<()> {
    // SAFETY: the connection is open, and this setting takes an address and two numbers.
    let code = unsafe {
        ffi::sqlite3_db_config(
            connection.handle(),
            ffi::SQLITE_DBCONFIG_LOOKASIDE,
            null_mut::<c_void>(),
            0 as c_int,
            0 as c_int,
        )
    };
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

/// SQLite takes an allocator only before its first use, and the ledger may be the first to use SQLite.
// SAFETY: the loader calls the functions in this section before `main`, on one thread, like the initialisers of
// C.
#[used]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(target_os = "windows", unsafe(link_section = ".CRT$XCU"))]
#[cfg_attr(
    not(any(target_os = "macos", target_os = "windows")),
    unsafe(link_section = ".init_array")
)]
static BEFORE_MAIN: extern "C" fn() = configure;

/// The current time for SQL on this thread.
pub(super) fn now_ms() -> Option<i64> {
    METER.with(|meter| meter.now.get())
}
