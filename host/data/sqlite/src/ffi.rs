//! What rusqlite does not offer: statements that outlive a call, counters, the hook before updates, and SQLite's
//! memory and clock. All `unsafe` code of the crate is here and in `ffi/`.
//!
//! It is sound for five reasons.
//!
//! *Handles.* Only an [`Engine`] makes a [`Statement`], and it drops its statements before its connection,
//! because fields are dropped in their order. Neither is ever handed out by value. Both move between threads only
//! together, and every access needs `&mut Engine`. So two threads never enter SQLite's unlocked code at once.
//!
//! *Values.* SQLite lends the value of a column until the next step, and the values in the hook until the hook
//! returns. The borrows say the same: a step needs `&mut`, and the hook lends only during its call.
//!
//! *Memory.* [`configure`] runs before `main`, so before SQLite is initialised. Only then can SQLite be given an
//! allocator. The allocator is Rust's own, with sixteen bytes in front of each allocation that hold its size. It
//! does not unwind. Its counters are thread-local cells without destructors, which exist for as long as their
//! thread.
//!
//! *SQLite's own functions.* `replaced` reads their addresses through private structures of SQLite. They are those of the
//! version that is compiled in, which is checked first.
//!
//! *The clock.* The file system that [`file_system`] registers is a copy of SQLite's default one and is never
//! freed. Its functions look only at what the copy has in it. Those for the clock and for opening a file are replaced.

mod affordable;
mod auxiliary;
mod by_utf8;
mod clock;
mod freed;
mod full_text;
mod lent;
mod memory;
mod no_case;
mod pages;
mod private;
mod replaced;
mod searched;
mod searches;
mod statement;
mod whole_pages;

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull, null_mut};

use rusqlite::Connection;
use rusqlite::ffi;
use rusqlite::types::ValueRef;

pub(crate) use self::affordable::Affordable;
pub(crate) use self::auxiliary::{Auxiliary, Found, replace_auxiliaries};
pub(crate) use self::by_utf8::add_by_utf8;
pub(crate) use self::clock::file_system;
pub(crate) use self::freed::take_freed;
pub(crate) use self::full_text::{Of, Tokens, count_tokens};
pub(crate) use self::lent::Fault;
use self::lent::bytes;
pub(crate) use self::memory::{Entered, Values, memory_refused, take_values};
pub(crate) use self::no_case::replace_no_case;
pub(crate) use self::replaced::{Charge, Charged, Replaced, replace, replace_tables};
pub(crate) use self::searched::{search_compares, take_searched};
pub(crate) use self::searches::{Searches, watch_searches};
pub(crate) use self::statement::{Does, Statement, real_text};
use crate::limits::{READY_STATEMENTS, STEPS_BETWEEN_LOOKS};

/// A connection with the statements that are ready on it.
pub(crate) struct Engine {
    ready: Vec<(String, Statement)>,
    connection: Connection,
    watch: Option<Box<Watch>>,
    /// The steps after which SQLite calls back.
    pub(crate) steps_between_looks: u64,
}

type Watch = Box<dyn FnMut(&RowChange<'_>) + Send>;

// SAFETY: the raw handles of its statements belong to its connection and move with it. `Connection` and `Watch`
// are `Send` themselves.
unsafe impl Send for Engine {}

impl Engine {
    pub(crate) fn new(connection: Connection) -> Engine {
        Engine {
            ready: Vec::new(),
            connection,
            watch: None,
            steps_between_looks: STEPS_BETWEEN_LOOKS,
        }
    }

    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn handle(&self) -> *mut ffi::sqlite3 {
        // SAFETY: the handle is used while `self` is borrowed, so while the connection is open. This crate never
        // closes it.
        unsafe { self.connection.handle() }
    }

    fn fault(&self, code: c_int) -> Fault {
        let db = self.handle();
        // SAFETY: the connection is open. The message is copied before another call can free it.
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

    /// Begins a query on this connection that is interrupted when it takes more memory.
    pub(crate) fn enter_short(&self, memory_bytes: usize, now_ms: Option<i64>) -> Entered {
        Entered::short(self.handle(), memory_bytes, now_ms)
    }

    /// Interrupts the statement that is stepped on this connection when it has made more bytes of large values.
    pub(crate) fn interrupt_beyond(&self, bytes: u64) -> Affordable {
        Affordable::new(self.handle(), bytes)
    }

    /// Keeps SQLite from reading a table in the order of an index of which the statement uses no column.
    pub(crate) fn ignore_unused_indexes(&self) {
        // `SQLITE_DistinctOpt`, `SQLITE_CoverIdxScan` and `SQLITE_SkipScan`. Only SQLite's source has these names.
        const OFF: c_uint = 0x10 | 0x20 | 0x4000;
        // SAFETY: the connection is open, and this operation takes a connection and a mask.
        unsafe {
            ffi::sqlite3_test_control(ffi::SQLITE_TESTCTRL_OPTIMIZATIONS, self.handle(), OFF)
        };
    }

    /// Whether the statement for this text is ready from before.
    pub(crate) fn is_ready(&self, sql: &str) -> bool {
        self.ready.iter().any(|(text, _)| text == sql)
    }

    /// The statement for this text, ready to be stepped and without bound values. Fails with a [`Fault`], or with `None` if the text is not exactly one statement.
    pub(crate) fn prepare(&mut self, sql: &str) -> Result<&mut Statement, Option<Fault>> {
        if let Some(place) = self.ready.iter().position(|(text, _)| text == sql) {
            self.ready[place..].rotate_left(1);
            let (_, statement) = self.ready.last_mut().ok_or(None)?;
            statement.reset();
            return Ok(statement);
        }
        let statement = self.compile(sql)?;
        if self.ready.len() >= READY_STATEMENTS {
            self.ready.remove(0);
        }
        self.ready.push((sql.to_owned(), statement));
        let (_, statement) = self.ready.last_mut().ok_or(None)?;
        Ok(statement)
    }

    /// The statement that [`Engine::prepare`] returned last.
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
            // SQLite stops at a zero byte. What is behind one would not be read, so only zeros may be there.
            if rest.starts_with(b"\0") {
                if rest.iter().any(|byte| *byte != 0) {
                    return Err(None);
                }
                break;
            }
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
        // SAFETY: the text lives during the call. Its length is given, so it needs no zero at the end.
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
        // SQLite returns a pointer into the text or to its end.
        let taken = (tail as usize).wrapping_sub(sql.as_ptr() as usize);
        let rest = sql.get(taken..).unwrap_or_default();
        Ok((
            NonNull::new(raw).map(|raw| Statement {
                raw,
                does: Does::default(),
                plans: 0,
                compiling: 0,
            }),
            rest,
        ))
    }

    /// The pages that SQLite has copied from the system since the last call of this function.
    #[cfg(test)]
    pub(crate) fn take_misses(&self) -> u64 {
        let (mut now, mut most) = (0, 0);
        let what = ffi::SQLITE_DBSTATUS_CACHE_MISS;
        // SAFETY: the connection is open, and both places are local variables.
        unsafe { ffi::sqlite3_db_status(self.handle(), what, &raw mut now, &raw mut most, 1) };
        u64::try_from(now).unwrap_or_default()
    }

    /// Makes all statements of the connection count their steps from the start. SQLite calls back when a statement has made
    /// so many since it was compiled, and virtual tables keep theirs from one run to the next.
    pub(crate) fn forget_steps(&self) {
        let mut raw = null_mut();
        loop {
            // SAFETY: the connection is open, and its statements are finalised only by `Statement` and by SQLite, not
            // meanwhile.
            unsafe {
                raw = ffi::sqlite3_next_stmt(self.handle(), raw);
                if raw.is_null() {
                    return;
                }
                ffi::sqlite3_stmt_status(raw, ffi::SQLITE_STMTSTATUS_VM_STEP, 1);
            }
        }
    }

    /// Whether a foreign key points to no row. SQLite checks deferred keys at the commit.
    pub(crate) fn breaks_deferred_keys(&self) -> bool {
        let (mut now, mut most) = (0, 0);
        let what = ffi::SQLITE_DBSTATUS_DEFERRED_FKS;
        // SAFETY: the connection is open, and both places are local variables.
        unsafe { ffi::sqlite3_db_status(self.handle(), what, &raw mut now, &raw mut most, 0) };
        now != 0
    }

    /// Makes the connection look freshly opened to any statement: no page is cached, and no row was inserted.
    pub(crate) fn forget(&self) {
        // SAFETY: the connection is open. No statement of it is being stepped, because stepping borrows `self`
        // mutably.
        unsafe {
            ffi::sqlite3_db_release_memory(self.handle());
            ffi::sqlite3_set_last_insert_rowid(self.handle(), 0);
        }
    }

    /// The extended code of the last call of SQLite on this connection.
    pub(crate) fn last_code(&self) -> c_int {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_extended_errcode(self.handle()) }
    }

    /// Whether SQLite has rolled the transaction back by itself.
    pub(crate) fn is_autocommit(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Calls `watch` before each change to a row of a table, whatever makes the change.
    pub(crate) fn watch(&mut self, watch: Watch) {
        let context: *mut Watch = &raw mut **self.watch.insert(Box::new(watch));
        // SAFETY: the context is boxed, so it does not move, and it is dropped after the connection.
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
    // SAFETY: SQLite passes the context of `Engine::watch` and a table's name. It calls this only while a
    // statement of the connection is stepped, so never twice at once.
    let (watch, table) = unsafe { (&mut *context.cast::<Watch>(), CStr::from_ptr(table)) };
    let change = RowChange {
        db,
        table: table.to_str().unwrap_or_default(),
        has_old: action != ffi::SQLITE_INSERT,
        has_new: action != ffi::SQLITE_DELETE,
        old_rowid,
        new_rowid,
    };
    // The watch does not panic. If it did, the panic must not unwind through SQLite.
    let _ = catch_unwind(AssertUnwindSafe(|| watch(&change)));
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
        // SAFETY: this is called inside the hook, where SQLite allows it, and only for the side that exists. The
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
