//! What goes past rusqlite: statements that outlive a call, counters, the hook before updates, SQLite's memory and its
//! clock. All `unsafe` of the crate stands here.
//!
//! Four arguments hold it up.
//!
//! *Handles.* A [`Statement`] is made by its [`Engine`] alone and is dropped before the connection, because fields are
//! dropped in their order. Nothing hands either out by value. Both move between threads only together, and every access
//! needs `&mut Engine`, so that SQLite without its own mutex is never entered twice.
//!
//! *Values.* What a statement's column or the hook lends lives until the next step or until the hook returns. The borrows
//! say so: a step needs `&mut`, and the hook lends for its own call.
//!
//! *Memory.* [`configure`] runs before `main`, so before SQLite is initialised, which is when it may be given an allocator.
//! The allocator is Rust's own with sixteen bytes in front that keep the size. It does not unwind, and its counters are
//! thread-local cells without destructors, which exist as long as their thread does.
//!
//! *The clock.* The file system that [`file_system`] registers is a copy of SQLite's default one and is never freed. Its
//! functions look only at what the copy carries with it, and one of them is replaced.

use std::alloc::Layout;
use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull, null_mut};
use std::slice;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::ffi;
use rusqlite::types::ValueRef;

use crate::limits::{LARGE_BYTES, READY_STATEMENTS};

/// What SQLite says went wrong: its extended code, and its text.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) code: c_int,
    pub(crate) message: String,
}

/// A connection with the statements that are ready on it.
pub(crate) struct Engine {
    ready: Vec<(String, Statement)>,
    connection: Connection,
    watch: Option<Box<Watch>>,
}

type Watch = Box<dyn FnMut(&RowChange<'_>) + Send>;

// SAFETY: the raw handles of its statements belong to its connection and go where it goes; `Connection` and `Watch` are
// `Send` themselves.
unsafe impl Send for Engine {}

impl Engine {
    pub(crate) fn new(connection: Connection) -> Engine {
        Engine {
            ready: Vec::new(),
            connection,
            watch: None,
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn handle(&self) -> *mut ffi::sqlite3 {
        // SAFETY: the handle is used while `self` is borrowed, so while the connection is open, and never closed by us.
        unsafe { self.connection.handle() }
    }

    fn fault(&self, code: c_int) -> Fault {
        let db = self.handle();
        // SAFETY: the connection is open; the message is copied before another call can free it.
        let (extended, message) = unsafe {
            let extended = ffi::sqlite3_extended_errcode(db);
            let text = CStr::from_ptr(ffi::sqlite3_errmsg(db));
            (extended, text.to_string_lossy().into_owned())
        };
        Fault {
            code: if extended & 0xff == code & 0xff {
                extended
            } else {
                code
            },
            message,
        }
    }

    /// The statement for this text, ready to be stepped, with whatever was bound to it gone; and whether it was ready
    /// already. Fails with a [`Fault`], or with `None` if the text is not exactly one statement.
    pub(crate) fn prepare(&mut self, sql: &str) -> Result<(&mut Statement, bool), Option<Fault>> {
        if let Some(place) = self.ready.iter().position(|(text, _)| text == sql) {
            self.ready[place..].rotate_left(1);
            let (_, statement) = self.ready.last_mut().ok_or(None)?;
            statement.reset();
            return Ok((statement, true));
        }
        let statement = self.compile(sql)?;
        if self.ready.len() >= READY_STATEMENTS {
            self.ready.remove(0);
        }
        self.ready.push((sql.to_owned(), statement));
        let (_, statement) = self.ready.last_mut().ok_or(None)?;
        Ok((statement, false))
    }

    /// The statement that [`Engine::prepare`] gave last.
    pub(crate) fn last(&mut self) -> Option<&mut Statement> {
        self.ready.last_mut().map(|(_, statement)| statement)
    }

    /// Forgets the statement that was prepared last.
    pub(crate) fn forget_last(&mut self) {
        self.ready.pop();
    }

    fn compile(&self, sql: &str) -> Result<Statement, Option<Fault>> {
        let mut rest = sql.as_bytes();
        let mut found = None;
        while !rest.is_empty() {
            let (statement, tail) = self.compile_first(rest)?;
            match (statement, &found) {
                (Some(_), Some(_)) => return Err(None),
                (Some(statement), None) => found = Some(statement),
                (None, _) => {}
            }
            rest = tail;
        }
        found.ok_or(None)
    }

    fn compile_first<'a>(&self, sql: &'a [u8]) -> Result<(Option<Statement>, &'a [u8]), Fault> {
        let length = c_int::try_from(sql.len()).unwrap_or(c_int::MAX);
        let mut raw = null_mut();
        let mut tail = ptr::null();
        // SAFETY: the text lives through the call and its length is given, so that no closing zero is needed.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                self.handle(),
                sql.as_ptr().cast::<c_char>(),
                length,
                0,
                &raw mut raw,
                &raw mut tail,
            )
        };
        if code != ffi::SQLITE_OK {
            return Err(self.fault(code));
        }
        // SQLite points into the text, or to its end; at a zero byte within it, it stops.
        let taken = (tail as usize).wrapping_sub(sql.as_ptr() as usize);
        let rest = sql.get(taken..).unwrap_or_default();
        let rest = if rest.first() == Some(&0) { &[] } else { rest };
        Ok((
            NonNull::new(raw).map(|raw| Statement {
                raw,
                does: Does::default(),
            }),
            rest,
        ))
    }

    /// Pages that were asked for since this was called last, from the cache or not.
    pub(crate) fn take_pages(&self) -> u64 {
        let mut pages = 0;
        for what in [
            ffi::SQLITE_DBSTATUS_CACHE_HIT,
            ffi::SQLITE_DBSTATUS_CACHE_MISS,
        ] {
            let (mut now, mut most) = (0, 0);
            // SAFETY: the connection is open and both places are ours.
            unsafe { ffi::sqlite3_db_status(self.handle(), what, &raw mut now, &raw mut most, 1) };
            pages += u64::try_from(now).unwrap_or_default();
        }
        pages
    }

    /// Makes the connection as it was when it was opened, as far as a statement can tell: no page is kept, and no row was
    /// inserted.
    pub(crate) fn forget(&self) {
        // SAFETY: the connection is open and no statement of it is being stepped, since that borrows `self` mutably.
        unsafe {
            ffi::sqlite3_db_release_memory(self.handle());
            ffi::sqlite3_set_last_insert_rowid(self.handle(), 0);
        }
    }

    /// Whether SQLite rolled the transaction back by itself.
    pub(crate) fn is_autocommit(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Calls `watch` before each row of a table changes, whatever changes it.
    pub(crate) fn watch(&mut self, watch: Watch) {
        let context: *mut Watch = &raw mut **self.watch.insert(Box::new(watch));
        // SAFETY: the context is boxed, so it stays where it is, and it is dropped after the connection.
        unsafe {
            ffi::sqlite3_preupdate_hook(
                self.handle(),
                Some(before_update),
                context.cast::<c_void>(),
            );
        }
    }
}

unsafe extern "C" fn before_update(
    context: *mut c_void,
    db: *mut ffi::sqlite3,
    action: c_int,
    _schema: *const c_char,
    table: *const c_char,
    old_rowid: i64,
    new_rowid: i64,
) {
    // SAFETY: SQLite hands back the context of `Engine::watch` and a table's name, and calls this only while one of the
    // connection's statements is stepped, so never twice at once.
    let (watch, table) = unsafe { (&mut *context.cast::<Watch>(), CStr::from_ptr(table)) };
    let change = RowChange {
        db,
        table: table.to_str().unwrap_or_default(),
        has_old: action != ffi::SQLITE_INSERT,
        has_new: action != ffi::SQLITE_DELETE,
        old_rowid,
        new_rowid,
    };
    // The watch does not panic; if it did, the panic must not go through SQLite.
    let _ = catch_unwind(AssertUnwindSafe(|| watch(&change)));
}

/// A row that is about to change.
pub(crate) struct RowChange<'a> {
    db: *mut ffi::sqlite3,
    pub(crate) table: &'a str,
    pub(crate) has_old: bool,
    pub(crate) has_new: bool,
    pub(crate) old_rowid: i64,
    pub(crate) new_rowid: i64,
}

impl RowChange<'_> {
    pub(crate) fn before(&self, column: usize) -> ValueRef<'_> {
        self.value(ffi::sqlite3_preupdate_old, self.has_old, column)
    }

    pub(crate) fn after(&self, column: usize) -> ValueRef<'_> {
        self.value(ffi::sqlite3_preupdate_new, self.has_new, column)
    }

    fn value(
        &self,
        get: unsafe extern "C" fn(*mut ffi::sqlite3, c_int, *mut *mut ffi::sqlite3_value) -> c_int,
        is_there: bool,
        column: usize,
    ) -> ValueRef<'_> {
        let mut value = null_mut();
        let Ok(column) = c_int::try_from(column) else {
            return ValueRef::Null;
        };
        // SAFETY: this is called within the hook, which is when SQLite allows it, and for the side that there is. The
        // value lives until the hook returns, and `self` does not live longer.
        unsafe {
            if !is_there
                || get(self.db, column, &raw mut value) != ffi::SQLITE_OK
                || value.is_null()
            {
                return ValueRef::Null;
            }
            match ffi::sqlite3_value_type(value) {
                ffi::SQLITE_INTEGER => ValueRef::Integer(ffi::sqlite3_value_int64(value)),
                ffi::SQLITE_FLOAT => ValueRef::Real(ffi::sqlite3_value_double(value)),
                ffi::SQLITE_TEXT => {
                    let text = ffi::sqlite3_value_text(value);
                    ValueRef::Text(bytes(text, ffi::sqlite3_value_bytes(value)))
                }
                ffi::SQLITE_BLOB => {
                    let blob = ffi::sqlite3_value_blob(value).cast::<u8>();
                    ValueRef::Blob(bytes(blob, ffi::sqlite3_value_bytes(value)))
                }
                _ => ValueRef::Null,
            }
        }
    }
}

/// The bytes that SQLite lends. For a value without any it may give no address.
///
/// # Safety
///
/// `start` points to `length` bytes that live as long as the caller's borrow, or is null.
unsafe fn bytes<'a>(start: *const u8, length: c_int) -> &'a [u8] {
    match usize::try_from(length) {
        // SAFETY: as the caller says.
        Ok(length) if !start.is_null() && length > 0 => unsafe {
            slice::from_raw_parts(start, length)
        },
        _ => &[],
    }
}

/// A prepared statement of an [`Engine`].
pub(crate) struct Statement {
    raw: NonNull<ffi::sqlite3_stmt>,
    /// What it does, as the guard saw it.
    pub(crate) does: Does,
}

/// What a statement reads and changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Does {
    pub(crate) reads_schema: bool,
    pub(crate) reads_tables: bool,
    pub(crate) changes_tables: bool,
    pub(crate) of_virtual: bool,
    /// Whether it searches what it has put together itself: sorted, told apart, or indexed for a join.
    pub(crate) searches: bool,
    /// Whether it calls functions that look at all of a value and make none of it.
    pub(crate) looks_through: bool,
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: it was made by `sqlite3_prepare_v3`, its connection is still open, and nothing uses it any more.
        unsafe { ffi::sqlite3_finalize(self.raw.as_ptr()) };
    }
}

// SAFETY of all calls below: the statement is not finalised before it is dropped, its connection is open, and columns are
// read only for indices that SQLite checks itself.
impl Statement {
    /// Whether there is a row.
    pub(crate) fn step(&mut self) -> Result<bool, Fault> {
        // SAFETY: see above.
        match unsafe { ffi::sqlite3_step(self.raw.as_ptr()) } {
            ffi::SQLITE_ROW => Ok(true),
            ffi::SQLITE_DONE => Ok(false),
            code => Err(self.fault(code)),
        }
    }

    fn fault(&self, code: c_int) -> Fault {
        // SAFETY: see above; the message is copied at once.
        unsafe {
            let db = ffi::sqlite3_db_handle(self.raw.as_ptr());
            Fault {
                code: ffi::sqlite3_extended_errcode(db) & 0xffff | code & 0xff,
                message: CStr::from_ptr(ffi::sqlite3_errmsg(db))
                    .to_string_lossy()
                    .into_owned(),
            }
        }
    }

    /// Ends it, so that it can be stepped from the start.
    pub(crate) fn reset(&mut self) {
        // SAFETY: see above.
        unsafe {
            ffi::sqlite3_reset(self.raw.as_ptr());
            ffi::sqlite3_clear_bindings(self.raw.as_ptr());
        }
    }

    /// Ends it, and keeps what is bound to it.
    pub(crate) fn rewind(&mut self) {
        // SAFETY: see above.
        unsafe { ffi::sqlite3_reset(self.raw.as_ptr()) };
    }

    /// Steps of SQLite's virtual machine since this was called last.
    pub(crate) fn take_steps(&mut self) -> u64 {
        // SAFETY: see above.
        let steps = unsafe {
            ffi::sqlite3_stmt_status(self.raw.as_ptr(), ffi::SQLITE_STMTSTATUS_VM_STEP, 1)
        };
        // It counts in 32 bits without a sign, and says so with one.
        u64::from(steps.cast_unsigned())
    }

    pub(crate) fn is_read_only(&self) -> bool {
        // SAFETY: see above.
        unsafe { ffi::sqlite3_stmt_readonly(self.raw.as_ptr()) != 0 }
    }

    pub(crate) fn is_explain(&self) -> bool {
        // SAFETY: see above.
        unsafe { ffi::sqlite3_stmt_isexplain(self.raw.as_ptr()) != 0 }
    }

    pub(crate) fn parameters(&self) -> usize {
        // SAFETY: see above.
        usize::try_from(unsafe { ffi::sqlite3_bind_parameter_count(self.raw.as_ptr()) })
            .unwrap_or_default()
    }

    pub(crate) fn columns(&self) -> usize {
        // SAFETY: see above.
        usize::try_from(unsafe { ffi::sqlite3_column_count(self.raw.as_ptr()) }).unwrap_or_default()
    }

    pub(crate) fn name(&self, column: usize) -> String {
        // SAFETY: see above.
        self.text_of(unsafe { ffi::sqlite3_column_name(self.raw.as_ptr(), index(column)) })
            .unwrap_or_default()
    }

    /// The type with which the column was declared, if it is one of a table.
    pub(crate) fn declared(&self, column: usize) -> Option<String> {
        // SAFETY: see above.
        self.text_of(unsafe { ffi::sqlite3_column_decltype(self.raw.as_ptr(), index(column)) })
    }

    fn text_of(&self, text: *const c_char) -> Option<String> {
        // SAFETY: SQLite gives null or a text that lives until the statement's next call, and it is copied here.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text).to_string_lossy().into_owned() })
    }

    /// The value in a column of the row that it stands at.
    #[inline]
    pub(crate) fn value(&self, column: usize) -> ValueRef<'_> {
        let (raw, column) = (self.raw.as_ptr(), index(column));
        // SAFETY: see above; what is lent lives until the next step, which needs `&mut self`.
        unsafe {
            match ffi::sqlite3_column_type(raw, column) {
                ffi::SQLITE_INTEGER => ValueRef::Integer(ffi::sqlite3_column_int64(raw, column)),
                ffi::SQLITE_FLOAT => ValueRef::Real(ffi::sqlite3_column_double(raw, column)),
                ffi::SQLITE_TEXT => {
                    let text = ffi::sqlite3_column_text(raw, column);
                    ValueRef::Text(bytes(text, ffi::sqlite3_column_bytes(raw, column)))
                }
                ffi::SQLITE_BLOB => {
                    let blob = ffi::sqlite3_column_blob(raw, column).cast::<u8>();
                    ValueRef::Blob(bytes(blob, ffi::sqlite3_column_bytes(raw, column)))
                }
                _ => ValueRef::Null,
            }
        }
    }

    /// Gives a parameter its value, which is copied.
    pub(crate) fn bind(&mut self, parameter: usize, value: ValueRef<'_>) -> Result<(), Fault> {
        let (raw, at) = (self.raw.as_ptr(), index(parameter));
        let length = |bytes: &[u8]| bytes.len() as u64;
        // SAFETY: see above; `SQLITE_TRANSIENT` makes SQLite copy before it returns.
        let code = unsafe {
            match value {
                ValueRef::Null => ffi::sqlite3_bind_null(raw, at),
                ValueRef::Integer(number) => ffi::sqlite3_bind_int64(raw, at, number),
                ValueRef::Real(number) => ffi::sqlite3_bind_double(raw, at, number),
                ValueRef::Text(text) => ffi::sqlite3_bind_text64(
                    raw,
                    at,
                    lent(text).cast::<c_char>(),
                    length(text),
                    ffi::SQLITE_TRANSIENT(),
                    ffi::SQLITE_UTF8 as u8,
                ),
                ValueRef::Blob(blob) => ffi::sqlite3_bind_blob64(
                    raw,
                    at,
                    lent(blob).cast::<c_void>(),
                    length(blob),
                    ffi::SQLITE_TRANSIENT(),
                ),
            }
        };
        if code == ffi::SQLITE_OK {
            Ok(())
        } else {
            Err(self.fault(code))
        }
    }
}

/// An address even for no bytes: with none SQLite binds null.
fn lent(bytes: &[u8]) -> *const u8 {
    if bytes.is_empty() {
        c"".as_ptr().cast()
    } else {
        bytes.as_ptr()
    }
}

/// SQLite answers with null for a column that there is not.
fn index(column: usize) -> c_int {
    c_int::try_from(column).unwrap_or(c_int::MAX)
}

/// A real number as SQLite turns it into text.
pub(crate) fn real_text(number: f64) -> String {
    // SAFETY: the format takes one double; the text is copied and freed.
    unsafe {
        let text = ffi::sqlite3_mprintf(c"%!.17g".as_ptr(), number);
        if text.is_null() {
            return String::new();
        }
        let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
        ffi::sqlite3_free(text.cast());
        copy
    }
}

// ---- Memory ----

/// What one thread's call made SQLite allocate.
struct Meter {
    active: Cell<bool>,
    /// Bytes held, beside those held when the call began.
    held: Cell<i64>,
    most: Cell<i64>,
    refused: Cell<bool>,
    /// The same, only of large allocations.
    large: Cell<i64>,
    large_peak: Cell<i64>,
    /// Bytes of all large allocations, freed since or not.
    large_sum: Cell<u64>,
    /// What SQL is told for now, in milliseconds since 1970.
    now: Cell<Option<i64>>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            active: Cell::new(false),
            held: Cell::new(0),
            most: Cell::new(0),
            refused: Cell::new(false),
            large: Cell::new(0),
            large_peak: Cell::new(0),
            large_sum: Cell::new(0),
            now: Cell::new(None),
        }
    };
}

impl Meter {
    /// Whether so much more may be held.
    fn allows(&self, bytes: i64) -> bool {
        let held = self.held.get().saturating_add(bytes);
        if self.active.get() && held > self.most.get() {
            self.refused.set(true);
            return false;
        }
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

/// A call into SQLite on this thread, held to a bound of memory and told a time.
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
            meter.large.set(0);
            meter.large_peak.set(0);
            meter.large_sum.set(0);
            meter.now.set(now_ms);
        });
        Entered
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        METER.with(|meter| {
            meter.active.set(false);
            meter.now.set(None);
        });
    }
}

/// Whether SQLite was refused memory since the call began.
pub(crate) fn memory_refused() -> bool {
    METER.with(|meter| meter.refused.get())
}

/// Bytes in large values: the most that were held at once, and all that were made, since this was called last.
pub(crate) fn take_large() -> (u64, u64) {
    METER.with(|meter| {
        let peak = u64::try_from(meter.large_peak.get()).unwrap_or_default();
        meter.large_peak.set(meter.large.get());
        (peak, meter.large_sum.replace(0))
    })
}

/// In front of each allocation, so that what comes after is aligned for everything.
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
/// `place` was given by [`allocate`] or [`reallocate`] and not freed since.
unsafe fn size_of(place: *mut c_void) -> usize {
    // SAFETY: as the caller says, the size stands in front.
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
        // SAFETY: the layout is not empty, and the front has room for the size.
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
    // SAFETY: SQLite frees what it was given, once; the layout is the one that it was given with.
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
    // SAFETY: SQLite hands in what it was given before; the layout is the one that it was given with.
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
    // SAFETY: SQLite asks about what it was given.
    c_int::try_from(unsafe { size_of(place) }).unwrap_or(c_int::MAX)
}

unsafe extern "C" fn round_up(bytes: c_int) -> c_int {
    bytes.saturating_add(7) & !7
}

unsafe extern "C" fn nothing_to_begin(_: *mut c_void) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn nothing_to_end(_: *mut c_void) {}

static CONFIGURED: AtomicBool = AtomicBool::new(false);

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
    // SAFETY: nothing else runs yet, and SQLite copies the table. The second keeps what is sorted in many small pieces, so
    // that only values are large.
    let done = unsafe {
        ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const methods) == ffi::SQLITE_OK
            && ffi::sqlite3_config(ffi::SQLITE_CONFIG_SMALL_MALLOC, 1 as c_int) == ffi::SQLITE_OK
    };
    CONFIGURED.store(done, Ordering::Release);
}

/// SQLite takes an allocator only before it is used for the first time, and the ledger may be what uses it first.
// SAFETY: the loader calls what stands in this section before `main`, on one thread, as C's initialisers are called.
#[used]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(target_os = "windows", unsafe(link_section = ".CRT$XCU"))]
#[cfg_attr(
    not(any(target_os = "macos", target_os = "windows")),
    unsafe(link_section = ".init_array")
)]
static BEFORE_MAIN: extern "C" fn() = configure;

// ---- The clock ----

/// Julian day of 1970 in milliseconds.
const JULIAN_1970_MS: i64 = 210_866_760_000_000;

struct FileSystem {
    name: CString,
    original: *mut ffi::sqlite3_vfs,
}

// SAFETY: the pointer is to SQLite's own default file system, which is static and may be used by all threads.
unsafe impl Send for FileSystem {}
// SAFETY: the same.
unsafe impl Sync for FileSystem {}

static FILE_SYSTEM: OnceLock<Option<FileSystem>> = OnceLock::new();

/// The name of the file system whose clock is the run's, or nothing if SQLite was set up without us.
pub(crate) fn file_system() -> Option<&'static CStr> {
    let made = FILE_SYSTEM.get_or_init(|| {
        if !CONFIGURED.load(Ordering::Acquire) {
            return None;
        }
        let name = c"fractalaw".to_owned();
        // SAFETY: SQLite is initialised by the first call. The copy and its name are never freed. Local time is refused in
        // the whole process, because it is that of the machine.
        unsafe {
            if ffi::sqlite3_initialize() != ffi::SQLITE_OK {
                return None;
            }
            let original = ffi::sqlite3_vfs_find(ptr::null());
            let mut copy = Box::new(*original.as_ref()?);
            copy.zName = name.as_ptr();
            copy.pNext = null_mut();
            copy.xCurrentTime = Some(current_day);
            copy.xCurrentTimeInt64 = Some(current_ms);
            ffi::sqlite3_vfs_register(Box::into_raw(copy), 0);
            ffi::sqlite3_test_control(ffi::SQLITE_TESTCTRL_LOCALTIME_FAULT, 1 as c_int);
            Some(FileSystem { name, original })
        }
    });
    made.as_ref().map(|made| made.name.as_c_str())
}

unsafe extern "C" fn current_ms(_: *mut ffi::sqlite3_vfs, time: *mut i64) -> c_int {
    let now = METER.with(|meter| meter.now.get());
    // SAFETY: SQLite gives a place for the time. The original is called with itself, as if it had not been copied.
    unsafe {
        if let Some(now) = now {
            *time = now.saturating_add(JULIAN_1970_MS);
            return ffi::SQLITE_OK;
        }
        match FILE_SYSTEM.get() {
            Some(Some(made)) => match (*made.original).xCurrentTimeInt64 {
                Some(original) => original(made.original, time),
                None => ffi::SQLITE_ERROR,
            },
            _ => ffi::SQLITE_ERROR,
        }
    }
}

unsafe extern "C" fn current_day(system: *mut ffi::sqlite3_vfs, day: *mut f64) -> c_int {
    let mut ms = 0;
    // SAFETY: SQLite gives a place for the day.
    unsafe {
        let code = current_ms(system, &raw mut ms);
        *day = ms as f64 / 86_400_000.0;
        code
    }
}
