//! Joins that name no column where they read one.
//!
//! SQLite asks the authorizer about each column that a statement names. It does not ask about the columns that
//! `NATURAL` and `USING` compare. They may differ between the guest's world, which has only granted columns, and the
//! database. So a statement that has one of them names no table of which not all columns may be read.

use crate::guard::Rules;
use crate::tokens::tokens;

/// A table that a statement names together with `NATURAL` or `USING`, and of which not everything may be read.
pub(crate) fn in_the_way<'a>(sql: &str, rules: &'a Rules) -> Option<&'a str> {
    let mut parts = rules.read_in_part().peekable();
    parts.peek()?;
    if !has_join(sql) {
        return None;
    }
    let lower = sql.to_ascii_lowercase();
    let is_plain = |table: &str| table.chars().all(|c| c.is_alphanumeric() || c == '_');
    // A name with other characters can be written in more than one way.
    parts.find(|table| !is_plain(table) || lower.contains(table))
}

/// Whether one of the words occurs outside of quotes and comments.
fn has_join(sql: &str) -> bool {
    tokens(sql).any(|token| token.is("natural") || token.is("using"))
}

#[cfg(test)]
mod tests {
    use super::has_join;

    #[test]
    fn words_count_outside_of_quotes_and_comments() {
        for sql in [
            "a NATURAL JOIN b",
            "a join b using(c)",
            "'it''s' natural",
            "\"a\"\"b\"using",
            "[a'b] natural",
            "-- a'b\nnatural",
            "/*'*/natural",
            "1-natural",
            "1/natural",
            "\u{feff}natural",
            "a \x0b\u{feff}\u{feff}natural",
            "a ?1natural",
            "a @b(')natural",
            "x'00''natural'natural",
        ] {
            assert!(has_join(sql), "{sql}");
        }
        for sql in [
            "",
            "'natural'",
            "'it''s natural'",
            "\"using\"",
            "`using`",
            "[using]",
            "-- using",
            "/* using */ 1",
            "naturally",
            "non_using",
            "'natural",
            "natural\u{feff}",
            ":natural",
            "a\0natural",
        ] {
            assert!(!has_join(sql), "{sql}");
        }
    }
}
