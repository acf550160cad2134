//! Every bound that a run's use of data is held to, each with its unit in its name and its reason beside it.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Text of one statement. People write some kilobytes; preparing so much takes a few milliseconds.
pub const SQL_BYTES: usize = 64 * KIB;

/// One value, and one row: some hundred pages of text. One step of SQLite may copy so much.
pub const VALUE_BYTES: usize = MIB;

/// The rows of one query as an Arrow stream: what a guest's memory can hold beside what it makes of them.
pub const RESULT_BYTES: usize = 64 * MIB;

/// Memory that SQLite takes during one call, what it sorts and keeps beside included.
pub const CALL_MEMORY_BYTES: usize = 64 * MIB;

/// Pages that a connection keeps, in KiB: SQLite's own default. It must not grow with what a run reads, because each of
/// a host's slots may hold as much.
pub(crate) const CACHE_KIB: usize = 2_000;

/// Columns of a result, of a table and of an index.
pub(crate) const COLUMNS: i32 = 500;

/// Depth of an expression: SQLite's parser and its code recurse so deep.
pub(crate) const EXPRESSION_DEPTH: i32 = 200;

/// Selects that `UNION` and its like put together.
pub(crate) const COMPOUND_SELECTS: i32 = 100;

/// Instructions of the program that SQLite makes of a statement.
pub(crate) const PROGRAM_OPS: i32 = 50_000;

/// Arguments of a function.
pub(crate) const ARGUMENTS: i32 = 100;

/// A pattern of `LIKE` or `GLOB` in bytes: the time to match grows with the product of pattern and text.
pub(crate) const PATTERN_BYTES: i32 = 256;

/// Triggers that set off each other: SQLite's own bound is 1 000, each of which takes a frame of its own.
pub(crate) const TRIGGER_DEPTH: i32 = 32;

/// Steps of SQLite between two looks at the budget: less than a tenth of a millisecond, as long as values are small.
pub(crate) const STEPS_BETWEEN_LOOKS: u64 = 1_000;

/// An allocation of so many bytes is a large value, whose bytes are paid for. Pages, and what SQLite keeps of small
/// values, are less.
pub(crate) const LARGE_BYTES: usize = 16 * KIB;

/// Rows that one run may change: what was there before is kept until it is settled.
pub const CHANGED_ROWS: usize = 1_000_000;

/// What stood in those rows before, in bytes.
pub const CHANGED_BYTES: usize = 64 * MIB;

/// Rows that an Arrow stream may insert with one call.
pub const INSERTED_ROWS: usize = 1_000_000;

/// Rows of one record batch that goes to a guest: few enough to be read bit by bit.
pub(crate) const BATCH_ROWS: usize = 65_536;

/// Numbers of a vector. The models of today give up to 4 096.
pub(crate) const VECTOR_FLOATS: usize = 16_384;

/// Statements that a connection keeps ready. A micro-app has some dozens.
pub(crate) const READY_STATEMENTS: usize = 64;

/// Connections that a store keeps when no run uses them.
pub(crate) const IDLE_CONNECTIONS: usize = 16;

/// Time between two looks of a writer that waits in line at its budget.
pub(crate) const LINE_LOOK: Duration = Duration::from_millis(5);

/// What a message quotes of what SQLite says, which can name whatever the statement names.
pub(crate) const MESSAGE_BYTES: usize = KIB;

/// The record of a run that waits for the ledger: as much as its rows before and after, in some form.
pub(crate) const PENDING_BYTES: u64 = 512 * MIB as u64;
