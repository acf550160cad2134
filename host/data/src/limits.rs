//! How much data one run may use. The limits of a single call are in `fractalaw_sqlite::limits`.

use std::time::Duration;

fractalaw_limits::limits! {
    /// The statements of one run, `insert` included. A guest that works row by row makes a few thousand. A policy can
    /// lower it, and the next two.
    pub const STATEMENTS: u64 = 1_000_000
        => "`quota-exceeded`: `data-statements`";

    /// The rows that queries returned, that were inserted, and that were changed. The fuel of the heavy tier pays for
    /// about as many.
    pub const ROWS: u64 = 100_000_000
        => "`quota-exceeded`: `data-rows`";

    /// The bytes of statements, of inserted streams and of the values in results. The host's calls may move as many.
    pub const BYTES: u64 = 10_000_000_000
        => "`quota-exceeded`: `data-bytes`";

    /// The rows that a report shows one by one, over all tables. Further rows are counted, with one digest for each
    /// table.
    pub const SHOWN_ROWS: usize = 1_000
        => "listed up to it, counted past it";

    /// The bytes of one value that a report shows. For a longer value, it shows the length and the digest.
    pub const SHOWN_VALUE_BYTES: usize = 4 * 1024
        => "shown up to it";

    /// The bytes of a blob that a report shows. Nobody reads a longer one.
    pub const SHOWN_BLOB_BYTES: usize = 32
        => "shown up to it";

    /// The bytes of one statement in a trace. It is enough to know the statement again.
    pub const TRACED_STATEMENT_BYTES: usize = 200
        => "shown up to it";

    /// The sets of grants that a host checks against their databases, to tell its operator what does not work in them. A
    /// policy has some dozens.
    pub(crate) const CHECKED_GRANTS: usize = 1_000
        => "further ones are used without a warning";

    /// The time between two looks at the deadline while another run opens the database.
    pub(crate) const OPEN_LOOK: Duration = Duration::from_millis(5)
        => "the host looks at the deadline";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../.github/SECURITY.md");
        fractalaw_limits::Limit::check(page, "host/data/src/limits.rs", super::TABLE);
    }
}
