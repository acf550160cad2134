//! The quotas of data, which a policy can lower, and the bounds of the engine, which it cannot.

use fractalaw_host::{Quota, QuotaLimit};
use fractalaw_sqlite::limits::{CALL_MEMORY_BYTES, CHANGED_BYTES, CHANGED_ROWS};

use crate::limits;

/// [`limits::STATEMENTS`].
pub(crate) static STATEMENTS: QuotaLimit = QuotaLimit::host(
    Quota::new("data-statements", "statements"),
    limits::STATEMENTS,
);

/// [`limits::ROWS`].
pub(crate) static ROWS: QuotaLimit =
    QuotaLimit::host(Quota::new("data-rows", "rows"), limits::ROWS);

/// [`limits::BYTES`].
pub(crate) static BYTES: QuotaLimit =
    QuotaLimit::host(Quota::new("data-bytes", "bytes of data"), limits::BYTES);

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
