//! Private structures of SQLite, as they are in one version with the options that change them, and what is found there.
//!
//! Reading them is sound for five reasons.
//!
//! *The version.* SQLite is compiled from the source in `libsqlite3-sys`, which `Cargo.lock` names. With another version of that
//! crate, this file does not compile. Each read comes after a look at the source id of the library that is linked, which SQLite's
//! authors make of all files of a version, and at the options that change these structures. If one of them is another, nothing is read,
//! and no database opens. A vendor who patches SQLite and keeps the id is not foreseen: the crate does not link such a library, because
//! its feature `bundled` is on.
//!
//! *The options.* Those of [`OPTIONS`] add fields to `VdbeOp`, whose size is the distance of two operations. No `SQLITE_OMIT_*` option leaves out
//! a field that is read, or one in front of it: the only field of these structures that one leaves out, the start time of a trace, is behind them.
//! `SQLITE_MAX_VARIABLE_NUMBER` can make `_variables` wider, into the two bytes that are free behind it. The macro `VDBE_PROFILE`, which
//! is for SQLite's developers, adds fields too, and SQLite does not tell of it. So one program is compared with what SQLite itself says
//! about it, operation by operation ([`program_is_as_explained`]). The fields that an option adds are at the end, so the operations are
//! never nearer to each other than they are here, and this comparison does not read behind them.
//!
//! *The layout.* The structures are `repr(C)` with the types of C's fields, so the compiler places them as C does on every target.
//! Only beginnings are declared, and a reference to one never claims bytes behind them. SQLite allocates each whole, aligned for
//! every type.
//!
//! *The values.* Nothing is a Rust enum, a reference or a boolean. An address may be null, and is looked at first. Names end with a zero.
//!
//! *The time.* SQLite changes these structures only while the connection is used. Whoever reads has the connection, and no other
//! thread enters it meanwhile. What is written is the address of a method table or of a function, in the same way as SQLite's own
//! registration writes it, and what it points to is never freed.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{NonNull, null_mut};
use std::slice;
use std::sync::OnceLock;

use rusqlite::{Connection, Error, Result, ffi};

/// The version of SQLite with these structures.
const SOURCE: &CStr =
    c"2026-10-16 14:45:20 555e07ef33f69a0957d24d8e555b702464a131d6f1607f4c3c1e4551e8e6ca76";

const _: () = assert!(
    same(ffi::SQLITE_SOURCE_ID.to_bytes(), SOURCE.to_bytes()),
    "`libsqlite3-sys` has another version of SQLite: compare the structures in this file with its `sqlite3.c`, field by field, then \
     change `SOURCE`"
);

const fn same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// Options with which they would have other fields.
const OPTIONS: [&CStr; 5] = [
    c"DEBUG",
    c"ENABLE_EXPLAIN_COMMENTS",
    c"ENABLE_STMT_SCANSTATUS",
    c"ENABLE_CURSOR_HINTS",
    c"VDBE_COVERAGE",
];

/// `struct Vdbe`, a compiled statement, up to its program.
#[repr(C)]
pub(super) struct Program {
    _db: *const c_void,
    _neighbours: [*const c_void; 2],
    _parse: *const c_void,
    _variables: i16,
    _memory: c_int,
    _cursors: c_int,
    _cache: u32,
    _at: c_int,
    /// How it ends, as soon as that is an error.
    pub(super) code: c_int,
    _changes: i64,
    _statement: c_int,
    _time: i64,
    _constraints: [i64; 3],
    _registers: [*const c_void; 4],
    operations: *const Operation,
    count: c_int,
}

/// `struct VdbeOp`.
#[repr(C)]
pub(super) struct Operation {
    code: u8,
    /// What the fourth operand points to.
    kind: i8,
    flags: u16,
    operands: [c_int; 3],
    operand: *const c_void,
}

/// `OP_OpenAutoindex`: the statement builds an index.
const OPEN_AUTOINDEX: u8 = 117;

/// `P4_FUNCCTX`: the operand is a [`Call`].
pub(super) const CALL: i8 = -14;

/// `P4_VTAB`: the operand is an [`Instance`].
pub(super) const INSTANCE: i8 = -12;

/// `struct sqlite3_context`, up to the function.
#[repr(C)]
pub(super) struct Call {
    _result: *const c_void,
    pub(super) function: *const Function,
}

pub(super) type Scalar =
    unsafe extern "C" fn(*mut ffi::sqlite3_context, c_int, *mut *mut ffi::sqlite3_value);

/// `struct FuncDef`, up to its name.
#[repr(C)]
pub(super) struct Function {
    _arguments: i16,
    pub(super) flags: u32,
    pub(super) data: *mut c_void,
    _next: *const c_void,
    pub(super) call: Option<Scalar>,
    _others: [*const c_void; 3],
    pub(super) name: *const c_char,
}

/// `struct VTable`, up to the table.
#[repr(C)]
pub(super) struct Instance {
    _db: *const c_void,
    pub(super) module: *mut Module,
    pub(super) table: *mut ffi::sqlite3_vtab,
}

/// `struct Module`, up to its name.
#[repr(C)]
pub(super) struct Module {
    pub(super) methods: *const ffi::sqlite3_module,
    pub(super) name: *const c_char,
}

/// `struct Fts5Global`, up to its auxiliary functions.
#[repr(C)]
pub(super) struct FullText {
    _api: ffi::fts5_api,
    pub(super) db: *const ffi::sqlite3,
    _next_id: i64,
    pub(super) functions: *mut Auxiliary,
}

/// `struct Fts5Auxiliary`.
#[repr(C)]
pub(super) struct Auxiliary {
    _full_text: *const c_void,
    pub(super) name: *const c_char,
    pub(super) data: *const c_void,
    pub(super) call: ffi::fts5_extension_function,
    _destroy: *const c_void,
    pub(super) next: *mut Auxiliary,
}

/// What `find` finds first among the operands of one kind in a compiled statement.
pub(super) fn operands<T>(
    connection: &Connection,
    sql: &CStr,
    kind: i8,
    find: impl Fn(*const c_void) -> Option<T>,
) -> Option<T> {
    if !is_this_version() {
        return None;
    }
    let mut raw = null_mut();
    // SAFETY: the connection is open. In this version of SQLite, a statement begins like `Program`. It lives until it is
    // finalised at the end, and nothing steps it.
    unsafe {
        ffi::sqlite3_prepare_v2(
            connection.handle(),
            sql.as_ptr(),
            -1,
            &raw mut raw,
            null_mut(),
        );
        let program = NonNull::new(raw)?.cast::<Program>().as_ref();
        let count = usize::try_from(program.count).unwrap_or_default();
        let found = slice::from_raw_parts(program.operations, count)
            .iter()
            .filter(|operation| operation.kind == kind && !operation.operand.is_null())
            .find_map(|operation| find(operation.operand));
        ffi::sqlite3_finalize(raw);
        found
    }
}

/// Whether a statement builds an index for a join while it runs.
///
/// # Safety
///
/// The statement was compiled, and is not finalised during the call.
pub(super) unsafe fn builds_index(statement: NonNull<ffi::sqlite3_stmt>) -> bool {
    if !is_this_version() {
        return false;
    }
    // SAFETY: by the caller's promise, in this version of SQLite.
    unsafe { program(statement) }
        .iter()
        .any(|operation| operation.code == OPEN_AUTOINDEX)
}

/// The operations of a statement.
///
/// # Safety
///
/// This is the version of SQLite in which a statement begins like `Program`. The statement was compiled, and is not finalised while
/// the operations are used. Its program does not change.
unsafe fn program<'s>(statement: NonNull<ffi::sqlite3_stmt>) -> &'s [Operation] {
    // SAFETY: by the caller's promise.
    unsafe {
        let program = statement.cast::<Program>().as_ref();
        let count = usize::try_from(program.count).unwrap_or_default();
        slice::from_raw_parts(program.operations, count)
    }
}

/// Whether a statement uses a virtual table that the database has, and not only those that modules bring along, such as `json_each`.
/// These cannot be created, or are the same whether they are created or found.
///
/// # Safety
///
/// The statement was compiled, and is not finalised during the call.
pub(super) unsafe fn uses_virtual_table(statement: NonNull<ffi::sqlite3_stmt>) -> bool {
    if !is_this_version() {
        return false;
    }
    // SAFETY: by the caller's promise, in this version of SQLite. An operand of this kind is an instance of a table that the
    // statement keeps, with its module and the module's methods.
    unsafe {
        program(statement)
            .iter()
            .filter(|operation| operation.kind == INSTANCE && !operation.operand.is_null())
            .any(|operation| {
                let instance = &*operation.operand.cast::<Instance>();
                let methods = &*(*instance.module).methods;
                let address = |method: Option<_>| method.map(|method: Creates| method as usize);
                let created = address(methods.xCreate);
                created.is_some() && created != address(methods.xConnect)
            })
    }
}

/// The method with which a module makes a table, or finds it.
type Creates = unsafe extern "C" fn(
    *mut ffi::sqlite3,
    *mut c_void,
    c_int,
    *const *const c_char,
    *mut *mut ffi::sqlite3_vtab,
    *mut *mut c_char,
) -> c_int;

/// The number of a statement's operations.
///
/// # Safety
///
/// The statement was compiled, and is not finalised during the call.
pub(super) unsafe fn operations(statement: NonNull<ffi::sqlite3_stmt>) -> u64 {
    if !is_this_version() {
        return 0;
    }
    // SAFETY: by the caller's promise. In this version of SQLite, a statement begins like `Program`.
    u64::try_from(unsafe { statement.cast::<Program>().as_ref() }.count).unwrap_or_default()
}

pub(super) fn is_this_version() -> bool {
    static IS_THIS: OnceLock<bool> = OnceLock::new();
    *IS_THIS.get_or_init(|| {
        // SAFETY: SQLite returns a text that is never freed, and takes the name of an option.
        let is_named = unsafe {
            CStr::from_ptr(ffi::sqlite3_sourceid()) == SOURCE
                && OPTIONS
                    .iter()
                    .all(|option| ffi::sqlite3_compileoption_used(option.as_ptr()) == 0)
        };
        is_named && Connection::open_in_memory().is_ok_and(|own| program_is_as_explained(&own))
    })
}

/// A statement with operands of each kind that is looked for.
const EXPLAINED: &CStr = c"EXPLAIN SELECT upper(value) FROM json_each('[1]') ORDER BY 1";

/// Whether the operations of a program have the operands that SQLite shows for it.
fn program_is_as_explained(connection: &Connection) -> bool {
    let mut raw = null_mut();
    // SAFETY: the connection is open. The source id and the options that SQLite tells of are those for which a statement begins
    // like `Program`. Its operations have at least the size of `Operation`, so as many are not behind them. A statement that is
    // explained is not run, and its program does not change. It lives until it is finalised at the end.
    unsafe {
        ffi::sqlite3_prepare_v2(
            connection.handle(),
            EXPLAINED.as_ptr(),
            -1,
            &raw mut raw,
            null_mut(),
        );
        let Some(statement) = NonNull::new(raw) else {
            return false;
        };
        let program = statement.cast::<Program>().as_ref();
        let count = usize::try_from(program.count).unwrap_or_default();
        let operations = slice::from_raw_parts(program.operations, count);
        let is_shown = |operation: &Operation| {
            // The columns are: number, name, three operands, the fourth, flags.
            ffi::sqlite3_step(raw) == ffi::SQLITE_ROW
                && (operation.operands.iter().zip(2..))
                    .all(|(operand, at)| ffi::sqlite3_column_int(raw, at) == *operand)
                && ffi::sqlite3_column_int(raw, 6) == c_int::from(operation.flags)
        };
        let has = |kind| operations.iter().any(|operation| operation.kind == kind);
        let is_as_explained = operations.iter().all(is_shown)
            && ffi::sqlite3_step(raw) == ffi::SQLITE_DONE
            && has(CALL)
            && has(INSTANCE);
        ffi::sqlite3_finalize(raw);
        is_as_explained
    }
}

pub(super) fn check(code: c_int) -> Result<()> {
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

/// A program is never linked with another version, because `Cargo.lock` names it.
pub(super) fn other_version() -> Error {
    Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_MISUSE),
        Some("the prices of functions are made for another version of SQLite".to_owned()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An operation that lies elsewhere has other operands than those that SQLite shows.
    #[test]
    fn the_structures_are_those_of_the_version_that_is_linked() {
        assert!(is_this_version());
        assert!(!same(b"2026-10-16", b"2026-10-17"));
        assert!(!same(b"2026-10-16", b"2026-10-16 14:45:20"));
    }
}
