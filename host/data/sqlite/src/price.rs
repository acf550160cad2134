//! The prices of data. They are set by measurement: `cargo xtask bench data/fuel` prints the nanoseconds for a unit
//! of fuel, for statements of many kinds. `COST.md` has the table of one run, and what it does not cover.

use crate::ffi::{Does, Values};
use crate::limits::{EXPRESSION_DEPTH, LARGE_BYTES};
use crate::recent::Pages;

/// One call: the statement is looked up, begun and ended.
pub(crate) const CALL: u64 = 11_000;

/// Each byte of a statement's text. The text is compiled twice, in the guest's world and in the database.
pub(crate) const SQL_BYTE: u64 = 250;

/// Each piece of memory that SQLite takes and frees while it compiles a statement. A statement pays for what is compiled or for its text,
/// whichever is more.
pub(crate) const PIECE: u64 = 550;

/// A program of so many operations, which gives rows of so many columns. Each column keeps pieces for its names, and SQLite looks for it
/// among all columns.
pub(crate) fn program(operations: u64, columns: usize) -> u64 {
    let columns = columns as u64;
    50_u64
        .saturating_mul(operations)
        .saturating_add((600 + 2 * columns).saturating_mul(columns))
}

/// The bytes of the names of so many columns, of which each may have 64 at no cost. They are copied for the guest's world, for the database and
/// for the result.
pub(crate) fn names(bytes: usize, columns: usize) -> u64 {
    8_u64.saturating_mul(bytes.saturating_sub(64 * columns) as u64)
}

/// A join of so many tables costs nothing in addition to its text.
const SMALL_JOIN: u64 = 4;

/// A join of more tables. The time for `NATURAL` grows with the cube of their number, and that for other joins more slowly.
/// They all pay the same, because the same columns can be compared with `ON`.
pub(crate) fn join(tables: u64) -> u64 {
    let cube = |number: u64| number.saturating_pow(3);
    500_u64.saturating_mul(cube(tables).saturating_sub(cube(SMALL_JOIN)))
}

/// One plan of a join. A plan of a larger join has more tables.
pub(crate) fn plan(tables: u64) -> u64 {
    if tables <= SMALL_JOIN {
        return 150;
    }
    tables.saturating_pow(3).saturating_mul(15) / 8
}

/// `NATURAL` looks for the columns of each table in all others. SQLite compares at most so many, one for each level of an expression.
pub(crate) fn natural(naturals: u64, tables: u64, columns: u64) -> u64 {
    match naturals {
        0 => 0,
        _ => 20_u64
            .saturating_mul(tables)
            .saturating_mul(columns)
            .saturating_mul(columns.min(EXPRESSION_DEPTH.unsigned_abs().into())),
    }
}

/// More than 16 terms between `AND`, `OR` and `WHEN`. SQLite looks through all of them for each one, and for each table.
pub(crate) fn terms(terms: u64, tables: u64) -> u64 {
    20_u64
        .saturating_mul(tables.max(1))
        .saturating_mul(terms.saturating_pow(2).saturating_sub(256))
}

/// Expressions within others. SQLite walks through all of them for each operator around them.
pub(crate) fn walked(tokens: u64) -> u64 {
    48_u64.saturating_mul(tokens)
}

/// More than 16 calls of functions that read all rows. SQLite compares each one with all others.
pub(crate) fn aggregates(calls: u64) -> u64 {
    80_u64.saturating_mul(calls.saturating_pow(2).saturating_sub(256))
}

/// Long lists in `ORDER BY` and `GROUP BY`. SQLite compares each part with all columns of the result.
pub(crate) fn sorted(parts: u64, columns: u64) -> u64 {
    65_u64.saturating_mul(parts.saturating_mul(columns).saturating_sub(256))
}

/// More than 64 constants that SQLite keeps for the whole statement. It compares each one with all others.
pub(crate) fn constants(constants: u64) -> u64 {
    6_u64.saturating_mul(constants.saturating_pow(2).saturating_sub(64 * 64))
}

/// Each `ON CONFLICT`, with each index of the table.
pub(crate) fn conflicts(indexes: u64) -> u64 {
    1_100_u64.saturating_mul(indexes.saturating_sub(8))
}

/// More than 64 ways to find rows by an index: by each term for its first column, with each term for its second, and so on.
/// SQLite looks through the other terms for each way, and gives up after so many.
pub(crate) fn ways(ways: u64, terms: u64, tables: u64) -> u64 {
    let most = 20_000_u64.saturating_add(1_000_u64.saturating_mul(tables));
    let each = 120_u64.saturating_add(2_u64.saturating_mul(terms));
    match ways {
        0..=64 => 0,
        _ => ways.min(most).saturating_mul(each),
    }
}

/// More than 64 pairs of an `OR` and an index of a table.
pub(crate) fn ors(pairs: u64, terms: u64) -> u64 {
    let each = 600_u64.saturating_add(16_u64.saturating_mul(terms));
    each.saturating_mul(pairs.saturating_sub(64))
}

/// Different windows. SQLite makes a subquery for each one, and all columns that are used pass through all of them.
pub(crate) fn windows(windows: u64, columns: u64) -> u64 {
    let passed = 10_000_u64.saturating_mul(windows).saturating_mul(columns);
    passed.saturating_add(3_000_u64.saturating_mul(windows.saturating_pow(2)))
}

/// Each KiB of a large value that is made. The value is read from the file or built, and looked through once.
pub(crate) const LARGE_KIB: u64 = 1_600;

/// The bytes of large values after which a statement is interrupted, because its run has so much fuel. What was made then costs
/// more than that. Each period of a thousand steps leaves out less than one KiB, and pays more than that for its steps. The last one
/// may be shorter. So one KiB is added for it, and one because the division rounds down.
pub(crate) fn affordable_bytes(fuel: u64) -> u64 {
    (fuel / LARGE_KIB + 2).saturating_mul(1024)
}

/// Each KiB of a value of middle size that is made: a row that is sorted, or a key that is kept. The memory is often one
/// that no cache holds.
pub(crate) const MIDDLE_KIB: u64 = 1_600;

/// Each row that a query returns or that `insert` adds.
pub(crate) const ROW: u64 = 30;

/// Each value of such a row.
pub(crate) const VALUE: u64 = 25;

/// Its bytes.
pub(crate) const BYTE: u64 = 1;

/// Each byte of a stream for `insert`. All of it is checked before a row goes in. Keys of a dictionary take longest: each has one byte, and is
/// compared with the number of texts.
pub(crate) const INSERTED_BYTE: u64 = 3;

/// One call that may change rows. What it changed is looked for when it ends, and when the run is settled.
pub(crate) const CHANGE: u64 = 13_000;

/// A table of so many columns of which a run changes its first row. Its rows are read again by all their columns when the run ends.
pub(crate) fn changed_table(columns: usize) -> u64 {
    2_u64.saturating_mul((columns as u64).saturating_pow(2))
}

/// Each row that is changed. Its earlier values are kept, it is read again, and it is written to be settled.
pub(crate) const CHANGED_ROW: u64 = 6_000;

/// Each byte of its values, before and after.
pub(crate) const CHANGED_BYTE: u64 = 6;

/// Each random byte.
pub(crate) const RANDOM_BYTE: u64 = 8;

/// Each number of a vector.
pub(crate) const VECTOR_FLOAT: u64 = 3;

/// Each byte that a function of the host looks at. A KiB costs about as much as a KiB of `LARGE_KIB` for one
/// look.
pub(crate) const LOOKED_BYTE: u64 = 2;

/// Each byte of a JSON document, for each path by which a function walks through it. A text has at least two for each
/// value, and SQLite's own form `JSONB` has one.
pub(crate) const JSON_BYTE: u64 = 4;
pub(crate) const JSONB_BYTE: u64 = 8;

/// Each byte that a function for JSON allocates. It parses a text into about three times as many.
pub(crate) const JSON_MADE_BYTE: u64 = 8;

/// Each byte of a text of which SQLite's own function looks at each character.
pub(crate) const READ_BYTE: u64 = 4;

/// Each `%` in the format of a date or of `printf`, which may stand for a number with many digits.
pub(crate) const FORMATTED: u64 = 250;

/// Each word of a pattern for full text, in each step: a step to the next row moves through the lists of all words.
const WORD: u64 = 25;

/// Each byte of the larger allocations of FTS5 while it searches. It reads the places of words into memory.
pub(crate) const SEARCH_BYTE: u64 = 4;

/// The same in addition if it compares the places of several words. It does so for each phrase of `NEAR`, with those of all
/// others.
pub(crate) const COMPARED_BYTE: u64 = 20;

/// The beginning of a search that compares places, for each two phrases. It is for the places in pages that are too small to
/// be seen.
pub(crate) const COMPARED_PHRASES: u64 = 16_000;

/// Each word of a document that is added to full text or removed from it.
pub(crate) const DOCUMENT_WORD: u64 = 250;

/// Each word of a document that a function of FTS5 reads.
pub(crate) const READ_WORD: u64 = 100;

/// Each place in a document, for each phrase that was searched for, when a function of FTS5 is called.
pub(crate) const PLACE: u64 = 4;

/// Each place in a document, for each other place, when `snippet` takes the best.
pub(crate) const SNIPPET_PLACE: u64 = 70;

/// So many bytes that `highlight` copies for a place.
pub(crate) const HIGHLIGHT_BYTES: u64 = 4;

/// Each place at which `replace` puts something else.
pub(crate) const REPLACEMENT: u64 = 60;

/// Each character that `trim` looks up in a set, or puts into it.
pub(crate) const SET_CHARACTER: u64 = 100;

/// One call of `LIKE` or `GLOB`, and each comparison of a character in it.
pub(crate) const MATCH: u64 = 300;
pub(crate) const COMPARISON: u64 = 16;

/// From so many commas on, the functions of a statement can have so many arguments that dates cost more.
const MANY_COMMAS: u64 = 16;

/// Each page of the database that is asked for.
const PAGE: u64 = 250;

/// One that SQLite likely copies from the system (`recent.rs`), in addition, and each KiB of it.
const COPIED_PAGE: u64 = 2_000;
const COPIED_KIB: u64 = 250;

/// What a statement pays for the things that SQLite counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    step: u64,
    /// A step while large values are held, for each KiB of them, because the step may look at one.
    step_held_kib: u64,
    /// The same for values of middle size.
    step_held_middle_kib: u64,
    /// So many bytes of middle size are SQLite's own: it keeps them while it changes rows.
    own_middle_bytes: u64,
    /// Each KiB of a value of middle size that is made.
    middle_kib: u64,
    /// Each page of the database that is asked for, and one that is copied in addition.
    page: u64,
    copied_page: u64,
    copied_kib: u64,
}

impl Rates {
    pub(crate) fn of(does: &Does) -> Rates {
        // A step that searches a tree of its own compares a dozen rows. A step that reads JSON takes as long.
        let mut step = if does.searches { 150 } else { 60 };
        if does.of_virtual {
            step = 300;
        }
        if does.dates && does.commas >= MANY_COMMAS {
            // One call of a function reads each argument as a change of the date.
            step *= does.commas / (MANY_COMMAS / 5);
        }
        Rates {
            step,
            step_held_kib: if does.looks_through { 40 } else { 2 },
            step_held_middle_kib: match does {
                // Full text keeps buffers and statements of its own, from one run to the next, and so does the schema.
                _ if does.of_virtual || does.reads_schema => 0,
                _ if does.looks_at_text => 1_300,
                _ if does.searches => 12,
                // A step may compare two values, or read one whole.
                _ if !does.changes_tables => 48,
                _ => 0,
            },
            own_middle_bytes: if does.changes_tables { 2_048 } else { 0 },
            middle_kib: match does {
                _ if does.of_virtual || does.reads_schema || !does.searches => 0,
                _ => MIDDLE_KIB,
            },
            // Full text does all its work between pages, without steps.
            page: if does.of_virtual { 10_000 } else { PAGE },
            copied_page: if does.of_virtual { 0 } else { COPIED_PAGE },
            copied_kib: if does.of_virtual { 0 } else { COPIED_KIB },
        }
    }

    /// What pages of so many bytes cost.
    pub(crate) fn pages(self, pages: Pages, bytes: u64) -> u64 {
        let copied =
            (self.copied_page).saturating_add(self.copied_kib.saturating_mul(bytes / 1024));
        (self.page.saturating_mul(pages.asked)).saturating_add(copied.saturating_mul(pages.copied))
    }

    /// What so many steps cost, with patterns of so many words, and the values that were made and held during them.
    pub(crate) fn steps(self, steps: u64, words: u64, values: &Values) -> u64 {
        let large = values.large_held / 1024;
        // A sort holds many values, but a step handles two.
        let middle = values.middle_held.saturating_sub(self.own_middle_bytes) / 1024;
        let middle = middle.min(2 * LARGE_BYTES as u64 / 1024);
        let held = (self.step_held_kib.saturating_mul(large))
            .saturating_add(self.step_held_middle_kib.saturating_mul(middle));
        steps
            .saturating_mul(
                self.step
                    .saturating_add(held)
                    .saturating_add(WORD.saturating_mul(words)),
            )
            .saturating_add(LARGE_KIB.saturating_mul(values.large_made / 1024))
            .saturating_add(self.middle_kib.saturating_mul(values.middle_made / 1024))
    }
}
