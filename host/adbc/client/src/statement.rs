//! Which statements a guest may run. A driver runs whatever it gets: several statements, `COMMIT`, `ATTACH`,
//! `COPY`. So only one statement that reads or changes rows is accepted.
//!
//! `tokens.rs` divides a statement and refuses one that can be read in two ways. `names.rs` knows the functions that
//! reach further than tables.

mod names;
#[cfg(test)]
mod tests;
mod tokens;

use fractalaw_data_call::{CallError, Code};

use crate::engine::Sql;
use crate::limits::SQL_BYTES;
use tokens::{Token, not_one, tokens};

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

/// Words that begin a statement of their own in a database that needs no `;` between two.
const BEGIN_WITHIN: [&str; 14] = [
    "ALTER",
    "BEGIN",
    "CALL",
    "COMMIT",
    "CREATE",
    "DECLARE",
    "DROP",
    "EXEC",
    "EXECUTE",
    "GRANT",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "TRUNCATE",
];

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
    if sql.contains('\0') {
        return Err(CallError::new(
            Code::Syntax,
            "a null character in the statement",
        ));
    }
    let tokens = tokens(sql, dialect)?;
    let Some(first) = tokens.first().and_then(Token::word) else {
        return Err(not_one());
    };
    if let Some(name) = names::refused(&tokens, dialect) {
        return Err(reaches_further(name));
    }
    let has = |of: &[&str]| {
        let mut words = tokens.iter().filter_map(Token::word);
        words.any(|word| of.contains(&word))
    };
    if dialect == Sql::Other
        && has(&BEGIN_WITHIN)
        && (CHANGES.contains(&first) || READS.contains(&first))
    {
        return Err(not_one());
    }
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

fn reaches_further(name: &str) -> CallError {
    let name = name.to_ascii_lowercase();
    CallError::new(
        Code::Denied,
        format!(
            "`{name}` is not for guests, because it reaches further than the tables of the database"
        ),
    )
    .hint("leave it out, or name a function of the database's own differently")
}
