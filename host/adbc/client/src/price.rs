//! The prices of data behind an ADBC driver. The work of the database itself is not metered, because no driver
//! says how much it was. A call costs a base price, which covers the round trip to the program. The data that it
//! carries costs the same as with SQLite.

/// One call.
pub(crate) const CALL: u64 = 200_000;

/// Each byte of a statement's text.
pub(crate) const SQL_BYTE: u64 = 250;

/// Each row that a query returns or that `insert` adds.
const ROW: u64 = 30;

/// Each value of such a row.
const VALUE: u64 = 25;

/// Its bytes.
pub(crate) const BYTE: u64 = 1;

/// Each row that is changed.
pub(crate) const CHANGED_ROW: u64 = 4_000;

/// The price of this many rows with this many columns.
pub(crate) fn rows(rows: u64, columns: u64) -> u64 {
    ROW.saturating_add(VALUE.saturating_mul(columns))
        .saturating_mul(rows)
}
