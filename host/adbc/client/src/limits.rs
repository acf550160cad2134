//! All limits on data behind an ADBC driver. Each name ends in its unit, and each limit has its reason. Limits
//! that the SQLite engine has too are the same numbers, so an app that stays within them can move from one engine
//! to the other.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fractalaw_limits::limits! {
    /// The text of one statement. Statements that people write have a few kilobytes.
    pub const SQL_BYTES: usize = 64 * KIB
        => "the call fails with code 7";

    /// The values of one query's rows. A guest's memory must hold them and what it makes of them.
    pub const RESULT_BYTES: usize = 64 * MIB
        => "the call fails with code 7";

    /// The Arrow stream of one `insert`. One query can return as much.
    pub const INSERT_BYTES: usize = 64 * MIB
        => "the call fails with code 7";

    /// The rows of one `insert`.
    pub const INSERTED_ROWS: usize = 1_000_000
        => "the call fails with code 7";

    /// The columns of a result or of an inserted stream.
    pub const COLUMNS: usize = 500
        => "the call fails with code 7";

    /// The name of a table. Databases allow 63 to 255 bytes for each of its parts.
    pub const TABLE_NAME_BYTES: usize = KIB
        => "the call fails with code 7";

    /// The rows of one record batch for a guest. A guest can read so few rows at a time. All batches of a result
    /// except the last have exactly this many rows, so the bytes do not depend on how a database divides its work.
    pub const BATCH_ROWS: usize = 65_536
        => "the next batch begins";

    /// One frame between the host and the program: a result in one batch, with what Arrow adds to the values.
    pub const FRAME_BYTES: usize = 2 * RESULT_BYTES
        => "the program is ended, and the call fails with code 9";

    /// How much of a driver's message is quoted. A driver's message can quote the whole statement.
    pub const MESSAGE_BYTES: usize = KIB
        => "shown up to it";

    /// Shorter secrets are refused. Secrets are removed from all messages, and removing every "a" would hide no
    /// password but make the messages unreadable.
    pub const SECRET_BYTES_MIN: usize = 6
        => "a shorter secret is refused";

    /// The memory of the program, address space included. It covers what a driver maps and what its database uses to
    /// sort and join. So no statement can take all of the machine's memory. A database with a memory option of its
    /// own should have a lower limit.
    pub const PROGRAM_MEMORY_BYTES: u64 = 8 * 1024 * MIB as u64
        => "the driver gets no more";

    /// DuckDB's option `memory_limit`, for its buffers. It must be less than the program's memory.
    pub const DUCKDB_MEMORY: &str = "1GiB"
        => "DuckDB gets no more";

    /// Starting the program, loading the driver and opening the database. A server on a slow network takes seconds.
    pub const OPEN: Duration = Duration::from_secs(30)
        => "the database is not opened";

    /// How long a file is tried that another process has locked. When a host is killed, its program needs a moment to
    /// close the file. If a program has it for longer, somebody else uses it.
    pub const LOCKED: Duration = Duration::from_secs(2)
        => "the database is not opened";

    /// A commit or a rollback. The guest has ended by then, so the run's deadline does not bound it.
    pub const END: Duration = Duration::from_secs(30)
        => "it is unknown whether the run took effect";

    /// If a driver does not end its statement in this time after a cancel, its program is killed. DuckDB takes
    /// milliseconds, and a server one round trip.
    pub const CANCEL: Duration = Duration::from_secs(1)
        => "the program is ended";

    /// Closing the database when no run uses it any more.
    pub const CLOSE: Duration = Duration::from_secs(10)
        => "the program is ended";

    /// The time between two looks at the budget while the program works. It does not delay answers.
    pub const LOOK: Duration = Duration::from_millis(5)
        => "the host looks at fuel and deadline";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../../.github/SECURITY.md");
        fractalaw_limits::Limit::check(page, "host/adbc/client/src/limits.rs", super::TABLE);
    }
}
