//! The prices of data behind an ADBC driver. What the database itself does is not metered: nothing tells how much that was.
//! A call costs a base, which stands for the way to the program and back, and what it carries costs as with SQLite.

/// A call itself.
pub(crate) const CALL: u64 = 200_000;

/// Each byte of a statement's text.
pub(crate) const SQL_BYTE: u64 = 250;

/// A row that comes out, or that goes into `insert`.
const ROW: u64 = 30;

/// A value of such a row.
const VALUE: u64 = 25;

/// Its bytes.
pub(crate) const BYTE: u64 = 1;

/// A row that is changed.
pub(crate) const CHANGED_ROW: u64 = 4_000;

/// So many rows of so many columns.
pub(crate) fn rows(rows: u64, columns: u64) -> u64 {
    ROW.saturating_add(VALUE.saturating_mul(columns))
        .saturating_mul(rows)
}
