//! The limits that SQLite itself enforces on statements.

use rusqlite::limits::Limit;
use rusqlite::{Connection, Result};

use crate::limits;

/// Sets how large a statement and its values may be.
pub(crate) fn limit(connection: &Connection) -> Result<()> {
    let small = |bytes: usize| i32::try_from(bytes).unwrap_or(i32::MAX);
    for (what, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, small(limits::VALUE_BYTES)),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, small(limits::SQL_BYTES)),
        (Limit::SQLITE_LIMIT_COLUMN, limits::COLUMNS),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, limits::EXPRESSION_DEPTH),
        (
            Limit::SQLITE_LIMIT_COMPOUND_SELECT,
            limits::COMPOUND_SELECTS,
        ),
        (Limit::SQLITE_LIMIT_VDBE_OP, limits::PROGRAM_OPS),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, limits::ARGUMENTS),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (
            Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH,
            limits::PATTERN_BYTES,
        ),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, limits::COLUMNS),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, limits::TRIGGER_DEPTH),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(what, most)?;
    }
    Ok(())
}

/// Sets how many columns the result of a query may have from here on.
pub(crate) fn columns(connection: &Connection, most: i32) -> Result<()> {
    connection
        .set_limit(Limit::SQLITE_LIMIT_COLUMN, most)
        .map(drop)
}
