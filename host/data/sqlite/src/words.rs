//! What the words of a statement say about its price. A word counts even inside a string: charging too much is
//! harmless. Reading the program that SQLite makes would take longer than most statements.

use crate::ffi::Does;
use crate::tokens::{Token, tokens};

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
const LOOK_THROUGH: [&str; 4] = ["avg", "length", "sum", "total"];

/// Reads the text of a statement.
pub(crate) fn read(sql: &str, does: &mut Does) {
    does.commas = memchr::memchr_iter(b',', sql.as_bytes()).count() as u64;
    // A text of thousands of digits is read for each time that it is a number.
    does.looks_at_text |= calculates(sql);
    // Before a word, SQLite takes a byte order mark for a space.
    for part in sql.split('\u{feff}') {
        for word in part
            .as_bytes()
            .chunk_by(|one, next| is_part(*one) == is_part(*next))
        {
            let is = |name: &&str| word.eq_ignore_ascii_case(name.as_bytes());
            does.searches |= SEARCH.iter().any(is);
            does.looks_at_text |= is(&"cast");
            does.looks_through |= is(&"cast") || word.windows(2).any(|pair| pair == b"||");
        }
    }
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Whether there is an operator of arithmetic outside of quotes and comments.
fn calculates(sql: &str) -> bool {
    let mut tokens = tokens(sql).peekable();
    // Whether an operand can end with the last token.
    let mut ends_operand = false;
    while let Some(token) = tokens.next() {
        ends_operand = match token {
            Token::Sign('-') if tokens.next_if_eq(&Token::Sign('>')).is_some() => false,
            Token::Sign('+' | '-' | '*' | '/' | '%') if ends_operand => return true,
            Token::Sign(sign) => sign == ')',
            Token::Word(_) => !BEFORE_OPERANDS.iter().any(|word| token.is(word)),
            Token::Text(_) | Token::Quoted(_) => true,
        };
    }
    false
}

/// Words after which an operand begins.
const BEFORE_OPERANDS: [&str; 5] = ["select", "distinct", "all", "limit", "offset"];

/// Whether a called function reads all of a large value. It may be called by the statement or by a view.
pub(crate) fn looks_through(function: &str) -> bool {
    LOOK_THROUGH.contains(&function)
}

/// Whether a function takes as long as a search. Functions for JSON and dates do.
pub(crate) fn searches(function: &str) -> bool {
    is_of_json(function) || is_of_dates(function)
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

#[cfg(test)]
mod tests {
    use super::{calculates, read};
    use crate::ffi::Does;

    #[test]
    fn words_are_read_whatever_is_before_them() {
        for (sql, searches) in [
            ("SELECT a FROM t ORDER BY a", true),
            ("SELECT a FROM t \u{feff}ORDER BY a", true),
            ("SELECT 'in' FROM t", true),
            ("SELECT border, a_in FROM t", false),
        ] {
            let mut does = Does::default();
            read(sql, &mut does);
            assert_eq!(does.searches, searches, "{sql}");
        }
    }

    #[test]
    fn arithmetic_is_found_outside_of_quotes_and_comments() {
        for sql in [
            "SELECT a + 1",
            "SELECT a*b FROM t",
            "SELECT (a)/2",
            "SELECT 'x' % 2",
            "SELECT \"a\"-1",
            "SELECT [a] - 1",
            "SELECT a -- it's\n + 1",
            "SELECT a /* ' */ * 2",
            "SELECT 'it''s' || a, b * 2",
            "SELECT ä * 2",
            "SELECT a \u{feff}* 2",
            "SELECT .5 * a",
            "SELECT x'00' * 2",
            "SELECT CASE WHEN a THEN 1 END * 2",
        ] {
            assert!(calculates(sql), "{sql}");
        }
        for sql in [
            "SELECT count(*), t.* FROM t",
            "SELECT DISTINCT * FROM t LIMIT -1 OFFSET -2",
            "SELECT '2025-01-01', \"a-b\", `a+b`, [a*b] FROM t",
            "SELECT a -> '$.x', a ->> 1 FROM t -- a + b",
            "SELECT a /* a * b */ FROM t WHERE b IN (-1, +2) AND c = -3",
        ] {
            assert!(!calculates(sql), "{sql}");
        }
    }
}
