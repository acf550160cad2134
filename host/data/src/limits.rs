//! How much data one run may use. A policy can lower it. The limits of a single call are in
//! `fractalaw_sqlite::limits`.

use fractalaw_host::{Quota, QuotaLimit};
use fractalaw_sqlite::limits::{CALL_MEMORY_BYTES, CHANGED_BYTES, CHANGED_ROWS};

/// The statements of one run, `insert` included. A guest that works row by row makes a few thousand.
pub(crate) static STATEMENTS: QuotaLimit =
    QuotaLimit::host(Quota::new("data-statements", "statements"), 1_000_000);

/// The rows that queries returned, that were inserted, and that were changed. The fuel of the heavy tier pays for
/// about as many.
pub(crate) static ROWS: QuotaLimit = QuotaLimit::host(Quota::new("data-rows", "rows"), 100_000_000);

/// The bytes of statements, of inserted streams and of results. The host's calls may move as many.
pub(crate) static BYTES: QuotaLimit =
    QuotaLimit::host(Quota::new("data-bytes", "bytes of data"), 10_000_000_000);

/// The memory that the engine takes for one call. The engine enforces this bound and the next two, and no policy
/// changes them.
pub(crate) static CALL_MEMORY: QuotaLimit = QuotaLimit::host(
    Quota::new("data-call-memory", "bytes of memory for one call of data"),
    CALL_MEMORY_BYTES as u64,
);

/// The rows that one run changes.
pub(crate) static CHANGED: QuotaLimit = QuotaLimit::host(
    Quota::new("data-changed-rows", "changed rows"),
    CHANGED_ROWS as u64,
);

/// The bytes of these rows before the run, or those after it.
pub(crate) static CHANGED_SIZE: QuotaLimit = QuotaLimit::host(
    Quota::new("data-changed-bytes", "bytes in changed rows"),
    CHANGED_BYTES as u64,
);

/// The rows that a report shows one by one, over all tables. Further rows are counted, with one digest for each
/// table.
pub const SHOWN_ROWS: usize = 1_000;

/// The bytes of one value that a report shows. For a longer value, it shows the length and the digest.
pub const SHOWN_VALUE_BYTES: usize = 4 * 1024;

/// The bytes of a blob that a report shows. Nobody reads a longer one.
pub const SHOWN_BLOB_BYTES: usize = 32;
