//! The prices of data, set by measurement: `cargo run --release -p fractalaw-data --example cost` prints nanoseconds for a
//! unit of fuel, for statements of many kinds.

/// A call itself: the statement is looked up, begun and ended.
pub(crate) const CALL: u64 = 8_000;

/// Each byte of a statement's text, which is compiled twice: in the world of what is granted, and in the database.
pub(crate) const SQL_BYTE: u64 = 250;

/// A step of SQLite's virtual machine.
pub(crate) const STEP: u64 = 60;

/// A page of the database that is asked for.
pub(crate) const PAGE: u64 = 250;

/// A step while large values are held, for each KiB of them: it may touch one.
const STEP_HELD_KIB: u64 = 10;

/// Making a large value, each KiB.
pub(crate) const LARGE_KIB: u64 = 150;

/// A row that comes out, or that goes into `insert`.
pub(crate) const ROW: u64 = 30;

/// A value of such a row.
pub(crate) const VALUE: u64 = 25;

/// Its bytes.
pub(crate) const BYTE: u64 = 1;

/// A row that is changed: it is kept as it was, read again, and written to be settled.
pub(crate) const CHANGED_ROW: u64 = 4_000;

/// A random byte.
pub(crate) const RANDOM_BYTE: u64 = 8;

/// A number of a vector.
pub(crate) const VECTOR_FLOAT: u64 = 2;

/// So many steps, while large values of so many KiB are held.
pub(crate) fn steps(steps: u64, held_kib: u64) -> u64 {
    steps.saturating_mul(STEP.saturating_add(STEP_HELD_KIB.saturating_mul(held_kib)))
}
