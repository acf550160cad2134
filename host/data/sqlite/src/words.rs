//! What the words of a statement say about its price. A word counts even inside a string: charging too much is
//! harmless. Reading the program that SQLite makes would take longer than most statements.

use crate::ffi::Does;

/// A statement with one of these collects rows in a tree of its own and searches it.
const SEARCH: [&str; 9] = [
    "distinct",
    "except",
    "group",
    "in",
    "intersect",
    "order",
    "over",
    "recursive",
    "union",
];

/// Functions whose work on a large value is not seen anywhere else.
const LOOK_THROUGH: [&str; 5] = ["length", "substr", "substring", "sum", "total"];

/// Reads the text of a statement.
pub(crate) fn read(sql: &str, does: &mut Does) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let count = |byte| memchr::memchr_iter(byte, sql.as_bytes()).count() as u64;
    // A search for prefixes merges the lists of many words.
    does.terms = count(b' ') / 500 + count(b'*') / 32;
    does.commas = count(b',');
    for word in sql
        .as_bytes()
        .chunk_by(|one, next| is_part(one) == is_part(next))
    {
        let is = |name: &&str| word.eq_ignore_ascii_case(name.as_bytes());
        does.searches |= SEARCH.iter().any(is);
        does.looks_through |= is(&"cast") || word.windows(2).any(|pair| pair == b"||");
    }
}

/// Whether a called function reads all of a large value. It may be called by the statement or by a view.
pub(crate) fn looks_through(function: &str) -> bool {
    LOOK_THROUGH.contains(&function)
}

/// Whether a function takes as long as a search. Functions for JSON and dates do.
pub(crate) fn searches(function: &str) -> bool {
    is_of_json(function) || ["date", "datetime", "strftime", "timediff"].contains(&function)
}

/// Whether a function is for JSON.
pub(crate) fn is_of_json(function: &str) -> bool {
    function.starts_with("json") || ["->", "->>"].contains(&function)
}

/// Functions whose time grows with the number of their arguments, each of which changes the date.
const DATES: [&str; 7] = [
    "date",
    "datetime",
    "julianday",
    "strftime",
    "time",
    "timediff",
    "unixepoch",
];

/// Whether a function is for dates.
pub(crate) fn is_of_dates(function: &str) -> bool {
    DATES.contains(&function)
}
