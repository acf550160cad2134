//! Every bound on data behind an ADBC driver, each with its unit in its name and its reason beside it. Those that the SQLite
//! engine has too are the same numbers, so that an app that stays within them can move from one to the other.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Text of one statement. People write some kilobytes.
pub const SQL_BYTES: usize = 64 * KIB;

/// Values of one query's rows: what a guest's memory can hold beside what it makes of them.
pub const RESULT_BYTES: usize = 64 * MIB;

/// The Arrow stream that one call may insert: as much as one query may give.
pub const INSERT_BYTES: usize = 64 * MIB;

/// Rows that one call may insert.
pub const INSERTED_ROWS: usize = 1_000_000;

/// Columns of a result or of an inserted stream.
pub const COLUMNS: usize = 500;

/// The name of a table. Databases allow 63 to 255 bytes for each of its parts.
pub const TABLE_NAME_BYTES: usize = KIB;

/// Rows of one record batch that goes to a guest: few enough to be read bit by bit. All batches of a result but the last
/// have as many, whatever the driver gave, so that the bytes do not depend on how a database divides its work.
pub const BATCH_ROWS: usize = 65_536;

/// One frame between the host and the program: a result in one batch, with what Arrow adds to its values.
pub const FRAME_BYTES: usize = 2 * RESULT_BYTES;

/// What a message quotes of what a driver says, which can name whatever the statement names.
pub const MESSAGE_BYTES: usize = KIB;

/// Secrets of fewer bytes are refused: to take each "a" out of all messages would not keep a password, but break the messages.
pub const SECRET_BYTES_MIN: usize = 6;

/// Memory of the program, address space included: what a driver maps, and what its database sorts and joins in. It keeps the
/// machine for the host, whatever a statement asks for. Databases with a bound of their own should have a lower one.
pub const PROGRAM_MEMORY_BYTES: u64 = 8 * 1024 * MIB as u64;

/// Memory that DuckDB may take for its buffers, as its option `memory_limit`: less than the program has.
pub const DUCKDB_MEMORY: &str = "1GiB";

/// Starting the program, loading the driver and opening the database. A server across a slow network takes seconds.
pub const OPEN: Duration = Duration::from_secs(30);

/// Committing or rolling back. The guest has ended, so no deadline of a run bounds it.
pub const END: Duration = Duration::from_secs(30);

/// After a cancel, a driver that does not end its statement in this time is ended with its program. DuckDB takes
/// milliseconds; a server answers in a round trip.
pub const CANCEL: Duration = Duration::from_secs(1);

/// Closing the database, when no run uses it any more.
pub const CLOSE: Duration = Duration::from_secs(10);

/// Time between two looks at the budget while the program works. An answer is read at once, whatever this is.
pub const LOOK: Duration = Duration::from_millis(5);
