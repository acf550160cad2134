//! The pieces of memory that a call takes and frees again. They show how much work it was to compile a statement.
//!
//! SQLite takes a piece for each thing that it makes of a text: an expression, a table of a join, a way to find rows. It frees most
//! of them when the statement is ready or wrong. What it keeps for the connection, such as the types of an index that is used for the
//! first time, is not freed. So the number of freed pieces does not depend on what the connection did before.

use std::cell::Cell;

thread_local! {
    static FREED: Cell<u64> = const { Cell::new(0) };
}

/// Notes a piece that the call itself took.
pub(super) fn note() {
    FREED.set(FREED.get() + 1);
}

/// The pieces that were freed on this thread since the last call of this function.
pub(crate) fn take_freed() -> u64 {
    FREED.take()
}
