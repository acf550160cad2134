//! How much of data one run may use: a policy may lower it. What bounds a single call is in `fractalaw_sqlite::limits`.

use fractalaw_host::{Quota, QuotaLimit};

/// Statements of one run, `insert` included. A guest that works row by row makes some thousands.
pub(crate) static STATEMENTS: QuotaLimit =
    QuotaLimit::host(Quota::new("data-statements", "statements"), 1_000_000);

/// Rows that came out of queries, went into inserts and were changed: as many as the heavy tier's fuel pays for.
pub(crate) static ROWS: QuotaLimit = QuotaLimit::host(Quota::new("data-rows", "rows"), 100_000_000);

/// Bytes of statements, of what was inserted and of results: as many as the host's calls may move.
pub(crate) static BYTES: QuotaLimit =
    QuotaLimit::host(Quota::new("data-bytes", "bytes of data"), 10_000_000_000);

/// Rows that a report shows one by one, all tables together. Further ones are counted, with one digest for each table.
pub const SHOWN_ROWS: usize = 1_000;

/// Bytes of one value that a report shows. Of a longer one it shows the length and the digest.
pub const SHOWN_VALUE_BYTES: usize = 4 * 1024;

/// Bytes of a blob that a report shows: nobody reads a longer one.
pub const SHOWN_BLOB_BYTES: usize = 32;
