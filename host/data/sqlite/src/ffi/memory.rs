//! SQLite's memory. It comes from Rust's allocator and is counted for the call that a thread is making.

use std::alloc::Layout;
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rusqlite::ffi;

use super::{affordable, freed, pages, searched};
use crate::limits::{LARGE_BYTES, MIDDLE_BYTES};

/// What one thread's call made SQLite allocate.
struct Meter {
    active: Cell<bool>,
    /// The number of the call. What was allocated before does not count when it is freed.
    call: Cell<u32>,
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
    /// The same for those of middle size, which are not pages of a database.
    middle: Cell<i64>,
    middle_peak: Cell<i64>,
    middle_sum: Cell<u64>,
    /// The bytes of all allocations.
    sum: Cell<u64>,
    /// The current time for SQL, in milliseconds since 1970.
    now: Cell<Option<i64>>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            active: Cell::new(false),
            call: Cell::new(0),
            held: Cell::new(0),
            most: Cell::new(0),
            refused: Cell::new(false),
            interrupted: Cell::new(null_mut()),
            large: Cell::new(0),
            large_peak: Cell::new(0),
            large_sum: Cell::new(0),
            middle: Cell::new(0),
            middle_peak: Cell::new(0),
            middle_sum: Cell::new(0),
            sum: Cell::new(0),
            now: Cell::new(None),
        }
    };
}

impl Meter {
    /// Whether this much more may be held.
    fn allows(&self, size: usize, bytes: i64) -> bool {
        if !searched::allows(size, bytes) {
            return false;
        }
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

    /// Notes an allocation, and returns what is to be in front of it.
    fn add(&self, size: usize) -> Front {
        let kind = self.kind_of(size);
        let bytes = size as i64;
        self.held.set(self.held.get().saturating_add(bytes));
        self.sum.set(self.sum.get().saturating_add(size as u64));
        match kind {
            Kind::Small | Kind::Page => {}
            Kind::Middle => more(bytes, &self.middle, &self.middle_peak, &self.middle_sum),
            Kind::Large => {
                affordable::made(size as u64);
                more(bytes, &self.large, &self.large_peak, &self.large_sum);
            }
        }
        Front {
            size,
            kind,
            of_search: !matches!(kind, Kind::Page) && searched::add(size),
            call: self.call.get(),
        }
    }

    fn subtract(&self, front: Front) {
        let bytes = front.size as i64;
        self.held.set(self.held.get().saturating_sub(bytes));
        if front.call != self.call.get() {
            return;
        }
        freed::note();
        if front.of_search {
            searched::subtract(bytes);
        }
        match front.kind {
            Kind::Small | Kind::Page => {}
            Kind::Middle => self.middle.set(self.middle.get().saturating_sub(bytes)),
            Kind::Large => self.large.set(self.large.get().saturating_sub(bytes)),
        }
    }

    fn kind_of(&self, size: usize) -> Kind {
        match size {
            _ if pages::are_allocated() => Kind::Page,
            LARGE_BYTES.. => Kind::Large,
            // SQLite takes one for each file and for each tree that a statement builds, and holds it.
            PAGE_BYTES | PAGE_AND_LINK_BYTES | ROW_SET_BYTES | JOURNAL_BYTES => Kind::Small,
            MIDDLE_BYTES.. => Kind::Middle,
            _ => Kind::Small,
        }
    }
}

fn more(bytes: i64, now: &Cell<i64>, peak: &Cell<i64>, sum: &Cell<u64>) {
    now.set(now.get().saturating_add(bytes));
    peak.set(peak.get().max(now.get()));
    sum.set(sum.get().saturating_add(bytes.unsigned_abs()));
}

/// The memory that SQLite takes to build a page of the usual size, and the same with an address.
const PAGE_BYTES: usize = 4_096;
const PAGE_AND_LINK_BYTES: usize = PAGE_BYTES + 8;

/// The pieces in which SQLite collects the rows that a statement will change, and those of a journal in memory.
const ROW_SET_BYTES: usize = 1_016;
const JOURNAL_BYTES: usize = 1_024;

/// What an allocation counts as.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Small,
    /// A page in a cache. Which pages are there depends on what the connection did before.
    Page,
    Middle,
    Large,
}

/// A call into SQLite on this thread, with a limit on memory and a time for SQL. It ends when this is dropped.
pub(crate) struct Entered;

impl Entered {
    pub(crate) fn new(memory_bytes: usize, now_ms: Option<i64>) -> Entered {
        searched::reset(true);
        METER.with(|meter| {
            meter.active.set(true);
            meter.call.set(CALLS.fetch_add(1, Ordering::Relaxed));
            meter.held.set(0);
            meter
                .most
                .set(i64::try_from(memory_bytes).unwrap_or(i64::MAX));
            meter.refused.set(false);
            meter.interrupted.set(null_mut());
            meter.large.set(0);
            meter.large_peak.set(0);
            meter.large_sum.set(0);
            meter.middle.set(0);
            meter.middle_peak.set(0);
            meter.middle_sum.set(0);
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
        searched::reset(false);
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

/// Bytes of values since the last call of [`take_values`]: the most that were held at once, and the sum of all that were
/// made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Values {
    pub(crate) large_held: u64,
    pub(crate) large_made: u64,
    pub(crate) middle_held: u64,
    pub(crate) middle_made: u64,
}

pub(crate) fn take_values() -> Values {
    METER.with(|meter| {
        let take = |peak: &Cell<i64>, now: &Cell<i64>| {
            u64::try_from(peak.replace(now.get())).unwrap_or_default()
        };
        Values {
            large_held: take(&meter.large_peak, &meter.large),
            large_made: meter.large_sum.replace(0),
            middle_held: take(&meter.middle_peak, &meter.middle),
            middle_made: meter.middle_sum.replace(0),
        }
    })
}

/// The bytes of all allocations on this thread so far.
pub(super) fn allocated() -> u64 {
    METER.with(|meter| meter.sum.get())
}

/// What is in front of each allocation.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Front {
    size: usize,
    kind: Kind,
    of_search: bool,
    call: u32,
}

/// With so many bytes in front, the rest is aligned for every type.
const FRONT: usize = size_of::<Front>();

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
unsafe fn front(place: *mut c_void) -> Front {
    // SAFETY: by the caller's promise, it is in front, and it is aligned like the whole allocation.
    unsafe { place.cast::<u8>().sub(FRONT).cast::<Front>().read() }
}

unsafe extern "C" fn allocate(bytes: c_int) -> *mut c_void {
    let Some((size, layout)) = rounded(bytes).and_then(|size| Some((size, layout(size)?))) else {
        return null_mut();
    };
    METER.with(|meter| {
        if !meter.allows(size, size as i64) {
            return null_mut();
        }
        // SAFETY: the layout is not empty, and the size fits in front.
        unsafe {
            let start = std::alloc::alloc(layout);
            if start.is_null() {
                return null_mut();
            }
            start.cast::<Front>().write(meter.add(size));
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
        let front = front(place);
        let Some(layout) = layout(front.size) else {
            return;
        };
        METER.with(|meter| meter.subtract(front));
        std::alloc::dealloc(place.cast::<u8>().sub(FRONT), layout);
    }
}

unsafe extern "C" fn reallocate(place: *mut c_void, bytes: c_int) -> *mut c_void {
    let Some(size) = rounded(bytes) else {
        return null_mut();
    };
    // SAFETY: SQLite passes an allocation that it was given. The layout is the one that it was allocated with.
    unsafe {
        let before = front(place);
        let (Some(old), Some(_)) = (layout(before.size), layout(size)) else {
            return null_mut();
        };
        METER.with(|meter| {
            if !meter.allows(size, size as i64 - before.size as i64) {
                return null_mut();
            }
            let start = std::alloc::realloc(place.cast::<u8>().sub(FRONT), old, size + FRONT);
            if start.is_null() {
                return null_mut();
            }
            meter.subtract(before);
            start.cast::<Front>().write(meter.add(size));
            start.add(FRONT).cast()
        })
    }
}

unsafe extern "C" fn size(place: *mut c_void) -> c_int {
    if place.is_null() {
        return 0;
    }
    // SAFETY: SQLite passes an allocation that it was given.
    c_int::try_from(unsafe { front(place) }.size).unwrap_or(c_int::MAX)
}

unsafe extern "C" fn round_up(bytes: c_int) -> c_int {
    bytes.saturating_add(7) & !7
}

unsafe extern "C" fn nothing_to_begin(_: *mut c_void) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn nothing_to_end(_: *mut c_void) {}

/// The calls of this process, up to the next one.
static CALLS: AtomicU32 = AtomicU32::new(1);

pub(super) static CONFIGURED: AtomicBool = AtomicBool::new(false);

/// Gives SQLite the allocator that counts, and a cache of pages that tells what is allocated for pages.
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
    let done = done && pages::wrap();
    CONFIGURED.store(done, Ordering::Release);
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
