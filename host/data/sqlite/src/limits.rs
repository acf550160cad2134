//! All limits on a run's use of data. Each name ends in its unit, and each limit has its reason.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fractalaw_limits::limits! {
    /// The text of one statement. Statements that people write have a few kilobytes. Preparing this much takes a few
    /// milliseconds.
    pub const SQL_BYTES: usize = 64 * KIB
        => "the call fails with code 7";

    /// One value, and one row: some hundred pages of text. One step of SQLite may copy this much.
    pub const VALUE_BYTES: usize = MIB
        => "the call fails with code 7";

    /// The rows of one query, as an Arrow stream. A guest's memory must hold them and what it makes of them.
    pub const RESULT_BYTES: usize = 64 * MIB
        => "the call fails with code 7";

    /// The Arrow stream of one `insert`. One query can return as much. What is kept of a stream while it is read can be
    /// several times as much.
    pub const INSERT_BYTES: usize = 64 * MIB
        => "the call fails with code 7";

    /// The memory that SQLite takes during one call, including what it sorts and stores for it.
    pub const CALL_MEMORY_BYTES: usize = 64 * MIB
        => "`quota-exceeded`: `data-call-memory`";

    /// The pages that a connection caches, in KiB. It is SQLite's default. It must not grow with what a run reads,
    /// because each of a host's slots may hold as much.
    pub(crate) const CACHE_KIB: usize = 2_000
        => "pages are read again";

    /// The columns of a result, of a table and of an index.
    pub(crate) const COLUMNS: i32 = 500
        => "the call fails with code 7";

    /// The columns of a table that somebody else has made. It is what SQLite is compiled with.
    pub(crate) const TABLE_COLUMNS: i32 = 2_000
        => "SQLite makes no larger table";

    /// The depth of an expression. SQLite's parser and code generator recurse this deep.
    pub(crate) const EXPRESSION_DEPTH: i32 = 200
        => "the call fails with code 7";

    /// The selects that `UNION` and similar operators combine.
    pub(crate) const COMPOUND_SELECTS: i32 = 100
        => "the call fails with code 7";

    /// The tables of one join, with those of its views and subqueries. SQLite's own limit is 64. It takes half a second to compare
    /// the plans of 24 tables with many indexes, and the time grows with the cube of their number.
    pub(crate) const JOINED_TABLES: u64 = 32
        => "the call fails with code 7";

    /// The different windows of one `SELECT`. SQLite makes a subquery for each one, and nothing interrupts that: this many take a
    /// millisecond, and some ten milliseconds if they have hundreds of columns.
    pub(crate) const WINDOWS: u64 = 32
        => "the call fails with code 7";

    /// The instructions of the program that SQLite makes from a statement. SQLite doubles the room for them, from 42, and
    /// refuses when the room would go over this.
    pub(crate) const PROGRAM_OPS: i32 = 42 << 10
        => "the call fails with code 7";

    /// The arguments of a function.
    pub(crate) const ARGUMENTS: i32 = 100
        => "the call fails with code 7";

    /// The bytes of a pattern for `LIKE` or `GLOB`. The time to match grows with the product of pattern and text.
    pub(crate) const PATTERN_BYTES: i32 = 256
        => "the call fails with code 7";

    /// A pattern that full text is searched for. A statement's text can have as much.
    pub(crate) const SEARCH_BYTES: usize = 64 * KIB
        => "the call fails with code 7";

    /// The words and phrases of a pattern for full text. Patterns with 2 000 words between `OR` are in use. FTS5 copies the
    /// list of all for each one, in one step: this many take some ten milliseconds.
    pub(crate) const SEARCH_PHRASES: usize = 4_096
        => "the call fails with code 7";

    /// The phrases of one `NEAR`. The time to compare them grows with the square of their number.
    pub(crate) const NEAR_PHRASES: usize = 32
        => "the call fails with code 7";

    /// The words of one phrase of a pattern. FTS5 looks for all of them at each place of a document.
    pub(crate) const PHRASE_WORDS: u64 = 1_024
        => "the call fails with code 7";

    /// What a search holds of the places of phrases, multiplied with the phrases of `NEAR`. FTS5 compares the places of one document
    /// in one step: this much takes one to three tenths of a second.
    pub(crate) const NEAR_PHRASE_BYTES: u64 = 32 << 20
        => "the call fails with code 7";

    /// The places of one document, multiplied with the phrases that were searched for. FTS5 sorts the places for `bm25`, `snippet`
    /// and `highlight` in one step: this much takes about a tenth of a second.
    pub(crate) const PLACES_TIMES_PHRASES: u64 = 100_000_000
        => "the call fails with code 7";

    /// The places of one document of which `snippet` takes the best. It looks at all for each one, in one step: this many take about a
    /// tenth of a second.
    pub(crate) const SNIPPET_PLACES: u64 = 2_000
        => "the call fails with code 7";

    /// The places of one document, multiplied with the bytes that `highlight` makes. It copies them for each place, in one step: this
    /// much takes about a tenth of a second.
    pub(crate) const HIGHLIGHT_BYTES: u64 = 2 << 30
        => "the call fails with code 7";

    /// The depth of triggers that fire each other. SQLite's own limit is 1 000, and each level takes a frame.
    pub(crate) const TRIGGER_DEPTH: i32 = 32
        => "the call fails with code 7";

    /// The steps of SQLite between two looks at the budget. They take less than a tenth of a millisecond if values
    /// are small.
    pub(crate) const STEPS_BETWEEN_LOOKS: u64 = 1_000
        => "the host looks at fuel and deadline";

    /// The plans of a join that SQLite looks at while it compiles a statement, between two times that the host counts them. They take
    /// some microseconds.
    pub(crate) const PLANS_BETWEEN_LOOKS: u64 = 100
        => "the host charges for them";

    /// The same for a statement of which a single step may take a tenth of a second: a function for JSON walks through a
    /// megabyte for each of its paths, and a search through the list of each of its words.
    pub(crate) const SLOW_STEPS_BETWEEN_LOOKS: u64 = 10
        => "the host looks at the deadline";

    /// The text of a statement that may run on the thread of its caller. Compiling it takes a tenth of a millisecond.
    pub(crate) const SHORT_SQL_BYTES: usize = 2 * KIB
        => "the statement runs on a thread of its own";

    /// The fuel of a statement that runs on the thread of its caller: about 50 µs.
    pub(crate) const SHORT_FUEL: u64 = 200_000
        => "the statement runs on a thread of its own";

    /// The memory of such a statement. It bounds the values that one step handles, and the pages that it reads from
    /// disk.
    pub(crate) const SHORT_MEMORY_BYTES: usize = 64 * KIB
        => "the statement runs on a thread of its own";

    /// An allocation of this size is a large value, and its bytes are paid for. Pages of a database do not count.
    pub(crate) const LARGE_BYTES: usize = 6 * KIB
        => "paid for by size from here on";

    /// An allocation of this size is a value of middle size. It costs less than a large one of the same bytes, because SQLite
    /// uses the place of one value again for the next. Most of what SQLite keeps of a cursor, a sort or a tree is smaller.
    pub(crate) const MIDDLE_BYTES: usize = 512
        => "paid for by size from here on";

    /// An allocation of this size during a search of full text holds places of words: FTS5's own pages have 4 KB. What SQLite takes
    /// for a statement of FTS5's is smaller.
    pub(crate) const SEARCHED_BYTES: usize = 3 * KIB
        => "paid for by size from here on";

    /// The rows that one run may change. Their earlier values are kept until the run is settled.
    pub const CHANGED_ROWS: usize = 1_000_000
        => "`quota-exceeded`: `data-changed-rows`";

    /// The bytes of the earlier values of those rows.
    pub const CHANGED_BYTES: usize = 64 * MIB
        => "`quota-exceeded`: `data-changed-bytes`";

    /// The rows that one call may insert.
    pub const INSERTED_ROWS: usize = 1_000_000
        => "the call fails with code 7";

    /// The rows of one record batch for a guest. A guest can read so few rows at a time.
    pub(crate) const BATCH_ROWS: usize = 65_536
        => "the next batch begins";

    /// The numbers of a vector. Today's models give up to 4 096.
    pub(crate) const VECTOR_FLOATS: usize = 16_384
        => "the call fails with code 4";

    /// The statements that a connection keeps ready. A micro-app has a few dozen.
    pub(crate) const READY_STATEMENTS: usize = 64
        => "the oldest is compiled again";

    /// The connections that a store keeps while no run uses them.
    pub(crate) const IDLE_CONNECTIONS: usize = 16
        => "further ones are closed";

    /// The time between two looks at the budget while a writer waits in line.
    pub(crate) const LINE_LOOK: Duration = Duration::from_millis(5)
        => "the host looks at the deadline";

    /// The time in which two changes of a file can have the same time. Most file systems have ticks of some milliseconds, and
    /// the oldest in use has two seconds.
    pub(crate) const FILE_CLOCK_TICK: Duration = Duration::from_secs(2)
        => "the host syncs the file again before a commit";

    /// The time that a host waits for a program that holds a database, or a run of it, when it opens the database. It is longer than
    /// the time between a writer's closing and its commit.
    pub(crate) const OPEN_WAIT: Duration = Duration::from_secs(5)
        => "the database does not open";

    /// The time that a writer waits for a program that is not a run of this host. People's tools hold a database for
    /// milliseconds.
    pub(crate) const OTHERS_WAIT: Duration = Duration::from_secs(2)
        => "the call fails with code 6";

    /// How much of SQLite's message is quoted. SQLite can name whatever the statement names.
    pub(crate) const MESSAGE_BYTES: usize = KIB
        => "shown up to it";

    /// The record of a run that waits for the ledger. It holds the run's rows before and after, in a compact form.
    pub(crate) const PENDING_BYTES: u64 = 512 * MIB as u64
        => "not reached, because of `CHANGED_BYTES`";

    /// One row of a file that people import. A quote that is missing must not take the rest of a file into memory.
    pub(crate) const RECORD_BYTES: usize = 256 * MIB
        => "the import fails, and nothing is changed";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../../.github/SECURITY.md");
        fractalaw_limits::Limit::check(page, "host/data/sqlite/src/limits.rs", super::TABLE);
    }
}
