//! Which statements a guest may run. A driver runs whatever it gets: several statements, `COMMIT`, `ATTACH`,
//! `COPY`. So only one statement that reads or changes rows is accepted.
//!
//! This module parses only as much SQL as it needs: where strings and comments end, and which words are outside
//! of them. Databases differ in that. So a text that can be read in two ways is refused.

use fractalaw_data_call::{CallError, Code};

use crate::engine::Sql;
use crate::limits::SQL_BYTES;

/// The function that was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    Query,
    Execute,
}

const READS: [&str; 9] = [
    "SELECT",
    "WITH",
    "VALUES",
    "TABLE",
    "FROM",
    "DESCRIBE",
    "DESC",
    "SHOW",
    "SUMMARIZE",
];

const CHANGES: [&str; 6] = ["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT"];

const TRANSACTIONS: [&str; 8] = [
    "BEGIN",
    "START",
    "COMMIT",
    "END",
    "ROLLBACK",
    "ABORT",
    "SAVEPOINT",
    "RELEASE",
];

const TABLES: [&str; 6] = ["CREATE", "DROP", "ALTER", "ANALYZE", "TRUNCATE", "COMMENT"];

/// Words that make a statement change something, wherever they are in it. `REPLACE` is not among them, because it
/// is also a function.
const CHANGE_WITHIN: [&str; 5] = ["INSERT", "UPDATE", "DELETE", "MERGE", "INTO"];

pub(crate) fn check(sql: &str, dialect: Sql, called: Called) -> Result<(), CallError> {
    if sql.len() > SQL_BYTES {
        return Err(CallError::new(
            Code::TooLarge,
            format!(
                "a statement of {} bytes, expected at most {SQL_BYTES}",
                sql.len()
            ),
        )
        .hint("use `insert` for many rows"));
    }
    let words = words(sql, dialect)?;
    let Some(first) = words.first() else {
        return Err(not_one());
    };
    let has = |of: &[&str]| words.iter().any(|word| of.contains(&&**word));
    let first = first.as_str();
    if CHANGES.contains(&first) || first == "WITH" && has(&CHANGE_WITHIN) {
        return match called {
            Called::Query => Err(not_a_query()),
            Called::Execute if has(&["RETURNING"]) => Err(CallError::new(
                Code::Denied,
                "`RETURNING` is not for guests: a statement reads or it changes",
            )
            .hint("leave it out, and call `query` for the rows")),
            Called::Execute => Ok(()),
        };
    }
    if READS.contains(&first) {
        return match called {
            Called::Query if has(&CHANGE_WITHIN) => Err(not_a_query()),
            Called::Query => Ok(()),
            Called::Execute => Err(CallError::new(
                Code::Denied,
                "`execute` was given a statement that only reads, expected one that changes something",
            )
            .hint("call `query`")),
        };
    }
    Err(not_for_guests(first))
}

fn not_for_guests(first: &str) -> CallError {
    let denied = |what: &str| CallError::new(Code::Denied, format!("guests may not use {what}"));
    if TRANSACTIONS.contains(&first) {
        denied("a transaction").hint("leave it out: what a run does takes effect when it completes")
    } else if TABLES.contains(&first) {
        denied(&format!("`{first}`")).hint("tables are made by whoever runs the host, before")
    } else if first == "EXPLAIN" {
        CallError::new(Code::Denied, "`EXPLAIN` is not for guests")
    } else if first.chars().all(|c| c.is_ascii_alphabetic()) {
        let shown: String = first.chars().take(40).collect();
        CallError::new(
            Code::Syntax,
            format!("`{shown}` begins no statement that is for guests"),
        )
        .hint("begin with `SELECT`, `WITH`, `VALUES`, `INSERT`, `UPDATE`, `DELETE` or `MERGE`")
    } else {
        not_one()
    }
}

fn not_a_query() -> CallError {
    CallError::new(
        Code::NotAQuery,
        "`query` was given a statement that changes something, expected one that only reads",
    )
    .hint("call `execute`; a column whose name is such a word goes between double quotes")
}

fn not_one() -> CallError {
    CallError::new(
        Code::Syntax,
        "expected one statement, and there is none, or more than one",
    )
    .hint("make one call for each")
}

fn ambiguous(what: &str, hint: &str) -> CallError {
    CallError::new(
        Code::Syntax,
        format!("{what}, which databases read in different ways"),
    )
    .hint(hint)
}

/// The words outside of strings, quoted names and comments, in upper case. Each other character is an entry of
/// its own.
fn words(sql: &str, dialect: Sql) -> Result<Vec<String>, CallError> {
    if sql.contains('\0') {
        return Err(CallError::new(
            Code::Syntax,
            "a null character in the statement",
        ));
    }
    if dialect == Sql::Other && sql.trim_end().trim_end_matches(';').contains(';') {
        return Err(ambiguous(
            "a `;` in the middle",
            "leave it out: write `chr(59)` for one in a text",
        ));
    }
    let mut rest = sql;
    let mut words: Vec<String> = Vec::new();
    let mut ended = false;
    while let Some(c) = rest.chars().next() {
        if c.is_whitespace() {
            rest = after(rest, c.len_utf8());
        } else if rest.starts_with("--") {
            rest = after(rest, rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            rest = after_comment(rest)?;
        } else if c == ';' {
            rest = after(rest, 1);
            ended = true;
        } else if ended {
            return Err(not_one());
        } else if let Some(length) = quoted(rest, dialect, words.last().map(String::as_str))? {
            rest = after(rest, length);
            // So that the word before it is not read as the prefix of a string.
            words.push(c.to_string());
        } else {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
                .filter(|_| c.is_alphabetic() || c == '_')
                .or_else(|| (!c.is_alphabetic() && c != '_').then_some(c.len_utf8()))
                .unwrap_or(rest.len());
            let (word, more) = rest.split_at(end.max(c.len_utf8()));
            // Parentheses around a statement change nothing.
            if !(words.is_empty() && word == "(") {
                words.push(word.to_ascii_uppercase());
            }
            rest = more;
        }
    }
    Ok(words)
}

fn after(text: &str, length: usize) -> &str {
    text.get(length..).unwrap_or_default()
}

fn after_comment(rest: &str) -> Result<&str, CallError> {
    let inside = after(rest, 2);
    if inside.starts_with(['!', '+', 'M']) {
        return Err(ambiguous(
            "a comment that begins with `!`, `+` or `M`",
            "begin it with a space",
        ));
    }
    let end = inside.find("*/").unwrap_or(inside.len());
    if after_start(inside, end).contains("/*") {
        return Err(ambiguous("a comment within a comment", "leave it out"));
    }
    Ok(after(inside, end + 2))
}

fn after_start(text: &str, end: usize) -> &str {
    text.get(..end).unwrap_or_default()
}

/// The length of the string or quoted name that begins here, if one does.
fn quoted(rest: &str, dialect: Sql, before: Option<&str>) -> Result<Option<usize>, CallError> {
    let open = rest.chars().next().unwrap_or_default();
    let close = match (open, dialect) {
        ('\'' | '"', _) => open,
        ('`', Sql::Sqlite | Sql::Other) => '`',
        ('[', Sql::Sqlite) => ']',
        ('$', Sql::Postgresql) => return dollars(rest),
        _ => return Ok(None),
    };
    // In a string with backslash escapes, a backslash before a quote keeps the string open. Such strings are
    // refused: two quotes do the same.
    let backslashes = match dialect {
        Sql::Sqlite => false,
        Sql::Postgresql => before.is_some_and(|word| word == "E"),
        Sql::Other => true,
    };
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if backslashes && c == '\\' {
            let next = chars.peek().map(|(_, next)| *next);
            if next == Some(close) {
                return Err(ambiguous(
                    "a backslash before a quote",
                    "write a quote in a text twice",
                ));
            }
            if next == Some('\\') {
                chars.next();
            }
        } else if c == close {
            if close != ']' && chars.peek().is_some_and(|(_, next)| *next == close) {
                chars.next();
            } else {
                return Ok(Some(at + close.len_utf8()));
            }
        }
    }
    Err(CallError::new(
        Code::Syntax,
        format!("a `{open}` that is not closed"),
    ))
}

/// `$$…$$` and `$tag$…$tag$`. A parameter such as `$1` is not a string.
fn dollars(rest: &str) -> Result<Option<usize>, CallError> {
    let name = after(rest, 1);
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
    let Some(end) = end.filter(|end| name[*end..].starts_with('$')) else {
        return Ok(None);
    };
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(None);
    }
    let tag = after_start(rest, end + 2);
    match after(rest, tag.len()).find(tag) {
        Some(at) => Ok(Some(tag.len() + at + tag.len())),
        None => Err(CallError::new(
            Code::Syntax,
            format!("a `{tag}` that is not closed"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{Called, check};
    use crate::engine::Sql::{self, Other, Postgresql, Sqlite};

    fn verdict(sql: &str, dialect: Sql, called: Called) -> u32 {
        check(sql, dialect, called).map_or_else(|error| error.code as u32, |()| 0)
    }

    /// Each statement in three dialects: the code of `query`, then of `execute`. 0 means that it is accepted.
    #[test]
    fn one_statement_that_reads_or_changes_rows_is_let_through() {
        for (sql, query, execute) in [
            ("SELECT 1", [0, 0, 0], [2, 2, 2]),
            ("  -- a\n/* b */ (select 1);\n-- c", [0, 0, 1], [2, 2, 1]),
            ("FROM t", [0, 0, 0], [2, 2, 2]),
            ("INSERT INTO t VALUES (1)", [8, 8, 8], [0, 0, 0]),
            ("with x AS (SELECT 1) SELECT * FROM x", [0, 0, 0], [2, 2, 2]),
            ("WITH x AS (SELECT 1) DELETE FROM t", [8, 8, 8], [0, 0, 0]),
            ("SELECT * INTO u FROM t", [8, 8, 8], [2, 2, 2]),
            ("SELECT \"update\", 'delete' FROM t", [0, 0, 0], [2, 2, 2]),
            ("DELETE FROM t RETURNING id", [8, 8, 8], [2, 2, 2]),
            ("SELECT replace(a, 'b', 'c') FROM t", [0, 0, 0], [2, 2, 2]),
            ("", [1, 1, 1], [1, 1, 1]),
            (" ; ", [1, 1, 1], [1, 1, 1]),
            ("SELECT 1; SELECT 2", [1, 1, 1], [1, 1, 1]),
            ("SELECT 1;; -- done", [0, 0, 1], [2, 2, 1]),
            ("COMMIT", [2, 2, 2], [2, 2, 2]),
            ("/* x */ rollback", [2, 2, 2], [2, 2, 2]),
            ("DROP TABLE t", [2, 2, 2], [2, 2, 2]),
            ("EXPLAIN SELECT 1", [2, 2, 2], [2, 2, 2]),
            ("ATTACH 'x'", [1, 1, 1], [1, 1, 1]),
            ("PRAGMA x", [1, 1, 1], [1, 1, 1]),
            ("COPY t TO 'x'", [1, 1, 1], [1, 1, 1]),
            ("SET a = 1", [1, 1, 1], [1, 1, 1]),
            ("'SELECT'", [1, 1, 1], [1, 1, 1]),
            ("SELECT\0 1", [1, 1, 1], [1, 1, 1]),
            // A `;` in a string.
            ("SELECT 'a; b'", [0, 0, 1], [2, 2, 1]),
            ("SELECT 'it''s; b'", [0, 0, 1], [2, 2, 1]),
            ("SELECT \"a; b\" FROM t", [0, 0, 1], [2, 2, 1]),
            // Texts that only some databases read as a string.
            ("SELECT $$; COMMIT; $$", [1, 0, 1], [1, 2, 1]),
            ("SELECT $a$ $$; $a$", [1, 0, 1], [1, 2, 1]),
            ("SELECT `; COMMIT; `", [0, 1, 1], [2, 1, 1]),
            ("SELECT [; COMMIT; ]", [0, 1, 1], [2, 1, 1]),
            ("SELECT '\\'; COMMIT; --'", [1, 1, 1], [1, 1, 1]),
            ("SELECT E'\\'; COMMIT; --'", [1, 1, 1], [1, 1, 1]),
            ("SELECT E'\\\\'", [0, 0, 0], [2, 2, 2]),
            ("SELECT $1", [0, 0, 0], [2, 2, 2]),
            ("SELECT 1 /* /* */ ; COMMIT -- */", [1, 1, 1], [1, 1, 1]),
            ("/*! COMMIT */ SELECT 1", [1, 1, 1], [1, 1, 1]),
            ("SELECT 'a", [1, 1, 1], [1, 1, 1]),
            ("SELECT $$ a", [0, 1, 0], [2, 1, 2]),
            // The end of the text ends a comment.
            ("SELECT 1 /* ; COMMIT", [0, 0, 1], [2, 2, 1]),
            ("SELECT ä; é", [1, 1, 1], [1, 1, 1]),
        ] {
            for (at, dialect) in [Sqlite, Postgresql, Other].into_iter().enumerate() {
                let found = [Called::Query, Called::Execute].map(|of| verdict(sql, dialect, of));
                assert_eq!(found, [query[at], execute[at]], "{sql:?} {dialect:?}");
            }
        }
    }

    #[test]
    fn a_long_statement_is_told_its_bound() {
        let long = format!("SELECT '{}'", "x".repeat(65_536));
        assert_eq!(
            check(&long, Sqlite, Called::Query).unwrap_err().message,
            "a statement of 65545 bytes, expected at most 65536\nhint: use `insert` for many rows"
        );
    }
}
