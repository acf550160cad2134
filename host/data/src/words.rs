//! What the words of a statement say about its price. Whatever they are in, they are taken at their word: to be charged too much is
//! harmless, and to look at the program that SQLite makes would take longer than most statements.

use crate::ffi::Does;

/// Statements with one of these put rows together in a tree of their own, and search it.
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

/// Functions whose work on a large value shows nowhere else.
const LOOK_THROUGH: [&str; 7] = [
    "glob",
    "length",
    "like",
    "substr",
    "substring",
    "sum",
    "total",
];

/// For a statement's text.
pub(crate) fn read(sql: &str, does: &mut Does) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    for word in sql
        .as_bytes()
        .chunk_by(|one, next| is_part(one) == is_part(next))
    {
        let is = |name: &&str| word.eq_ignore_ascii_case(name.as_bytes());
        does.searches |= SEARCH.iter().any(is);
        does.looks_through |= is(&"cast") || word.windows(2).any(|pair| pair == b"||");
    }
}

/// For a function that is called, in the statement or in a view of it.
pub(crate) fn looks_through(function: &str) -> bool {
    LOOK_THROUGH.contains(&function)
}

/// Whether a function takes as long as a search: it reads JSON, or a calendar.
pub(crate) fn searches(function: &str) -> bool {
    function.starts_with("json")
        || ["->", "->>", "date", "datetime", "strftime", "timediff"].contains(&function)
}
