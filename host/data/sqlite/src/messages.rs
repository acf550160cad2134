//! Messages for guests, made from SQLite's. The names in them are the guest's own, or names of what it was
//! granted.

use fractalaw_data_call::{CallError, Code, Failure};
use rusqlite::ffi as codes;

use crate::busy::Busy;
use crate::ffi::{Fault, Statement};
use crate::guard::{Refused, Rules, TABLES_THEMSELVES};
use crate::limits::{
    CALL_MEMORY_BYTES, MESSAGE_BYTES, NEAR_PHRASES, PATTERN_BYTES, PHRASE_WORDS, PROGRAM_OPS,
    RESULT_BYTES, SEARCH_BYTES, SEARCH_PHRASES, SQL_BYTES, TRIGGER_DEPTH, VALUE_BYTES,
};
use crate::search::TooMuch;

pub(crate) fn not_a_query() -> CallError {
    CallError::new(
        Code::NotAQuery,
        "`query` was given a statement that changes something, expected one that only reads",
    )
    .hint("call `execute`")
}

pub(crate) fn only_reads() -> CallError {
    CallError::new(
        Code::Denied,
        "`execute` was given a statement that only reads, expected one that changes something",
    )
    .hint("call `query`")
}

pub(crate) fn not_for_guests() -> CallError {
    CallError::new(Code::Denied, "this kind of statement is not for guests")
}

pub(crate) fn returning() -> CallError {
    CallError::new(
        Code::Denied,
        "`RETURNING` is not for guests: a statement reads or it changes",
    )
    .hint("leave it out, and call `query` for the rows")
}

pub(crate) fn schema_and_tables() -> CallError {
    CallError::new(
        Code::Denied,
        "one statement reads both the schema and the rows of tables",
    )
    .hint("read the schema with a statement of its own")
}

pub(crate) fn too_long(bytes: usize) -> CallError {
    CallError::new(
        Code::TooLarge,
        format!("a statement of {bytes} bytes, expected at most {SQL_BYTES}"),
    )
    .hint("use `insert` for many rows")
}

pub(crate) fn too_complex() -> CallError {
    CallError::new(
        Code::TooLarge,
        format!(
            "the statement is too complex: it takes more than {PROGRAM_OPS} instructions of SQLite or {CALL_MEMORY_BYTES} bytes"
        ),
    )
    .hint("make several statements of it, or use `insert` for many rows")
}

pub(crate) fn too_deep() -> CallError {
    CallError::new(
        Code::TooLarge,
        format!("triggers fire each other more than {TRIGGER_DEPTH} deep"),
    )
}

/// Another program holds the database.
pub fn busy() -> CallError {
    CallError::new(Code::Busy, "another program holds the database").hint("run again")
}

/// The path of the record is the operator's own.
pub fn unsettled() -> CallError {
    CallError::new(
        Code::Busy,
        "a run of another host has changed the database, and waits to be settled",
    )
    .hint("run again when that host has settled it")
}

/// A person must do something first, who is told what.
pub(crate) fn stays_unsettled() -> CallError {
    CallError::new(
        Code::Busy,
        "an earlier run waits to be settled, and this host cannot settle it",
    )
    .hint("run again when it is settled: whoever runs the host is told what to do")
}

pub(crate) fn read_only() -> CallError {
    CallError::new(Code::Denied, "the database is read-only")
        .hint("whoever runs the host can make its file writable")
}

pub(crate) fn result_too_large() -> CallError {
    CallError::new(
        Code::TooLarge,
        format!("the result has more than {RESULT_BYTES} bytes"),
    )
    .hint("ask for fewer rows or columns at a time, with `LIMIT` and `WHERE`")
}

/// A search of full text that FTS5 may not make.
pub(crate) fn search(too_much: TooMuch) -> CallError {
    let (message, hint) = match too_much {
        TooMuch::Bytes(bytes) => (
            format!("a pattern for full text of {bytes} bytes, expected at most {SEARCH_BYTES}"),
            "make several searches of it",
        ),
        TooMuch::Phrases(phrases) => (
            format!(
                "a pattern for full text with {phrases} phrases, expected at most {SEARCH_PHRASES}"
            ),
            "make several searches of it",
        ),
        TooMuch::NearPhrases(phrases) => (
            format!("`NEAR` with {phrases} phrases, expected at most {NEAR_PHRASES}"),
            "put `AND` between several `NEAR`",
        ),
        TooMuch::PhraseWords(words) => (
            format!("a phrase of {words} words, expected at most {PHRASE_WORDS}"),
            "search for a part of it",
        ),
        TooMuch::Compared => (
            "phrases that are in too many places, or begin too many words".to_owned(),
            "search for fewer phrases, or for rarer ones",
        ),
        TooMuch::Places(function) => (
            format!("`{function}` of a document in which the pattern is in too many places"),
            "search for fewer phrases, or for rarer ones",
        ),
    };
    CallError::new(Code::TooLarge, message).hint(hint)
}

pub(crate) fn no_statement() -> CallError {
    CallError::new(
        Code::Syntax,
        "expected one statement, and there is none, or more than one",
    )
    .hint("make one call for each")
}

pub(crate) fn engine(error: &rusqlite::Error) -> Failure {
    if error.is_busy() {
        return busy().into();
    }
    CallError::new(
        Code::Engine,
        format!("the database cannot be used: {error}"),
    )
    .into()
}

/// Refuses kinds of statements that guests may never use.
pub(crate) fn check(statement: &Statement) -> Result<(), CallError> {
    if statement.is_explain() {
        return Err(CallError::new(Code::Denied, "`EXPLAIN` is not for guests"));
    }
    if statement.parameters() > 0 {
        return Err(CallError::new(
            Code::Syntax,
            "the statement has parameters, and there is nothing to give them",
        )
        .hint(
            "write values into the statement, text between single quotes with each `'` in it twice",
        ));
    }
    Ok(())
}

/// The statement reaches for what was not granted.
pub(crate) fn denied(refused: &Refused, rules: &Rules) -> CallError {
    match refused {
        Refused::Function(name) => {
            CallError::new(Code::NoSuchName, format!("no such function: `{name}`"))
        }
        Refused::Kind(kind) => {
            let error = CallError::new(Code::Denied, format!("guests may not use {kind}"));
            match *kind {
                "a transaction" => {
                    error.hint("leave it out: what a run does takes effect when it completes")
                }
                TABLES_THEMSELVES => error.hint("tables are made by whoever runs the host, before"),
                "PRAGMA" => {
                    error.hint("`PRAGMA table_info` and its like are allowed: they tell of tables")
                }
                _ => error,
            }
        }
        Refused::Read { table, .. } | Refused::Write { table, .. } if rules.is_inner(table) => {
            CallError::new(Code::NoSuchName, format!("no such table: `{table}`"))
        }
        Refused::Read { table, .. } | Refused::Write { table, .. } if rules.of(table).is_none() => {
            beyond()
        }
        Refused::Read {
            table, by_definer, ..
        } if rules.of(table).is_some_and(|granted| granted.read.any()) =>
        {
            CallError::new(
                Code::Denied,
                format!("the statement reads columns of `{table}` that were not granted"),
            )
            .hint(match by_definer {
                false => "name the columns instead of `*`, and join by named columns",
                true => {
                    "a trigger or a view reads them, whatever the statement names: ask for a grant of the whole table"
                }
            })
        }
        Refused::Read { table, .. } => CallError::new(
            Code::Denied,
            format!("`{table}` may be changed, but not read"),
        ),
        Refused::Write { table, .. }
            if rules.of(table).is_some_and(|granted| granted.write.any()) =>
        {
            CallError::new(
                Code::Denied,
                format!(
                    "some columns of `{table}` may be updated; others, and whole rows, may not be changed"
                ),
            )
        }
        Refused::Write { table, .. } => CallError::new(
            Code::Denied,
            format!("`{table}` may be read, but not changed"),
        ),
    }
}

pub(crate) fn joins_by_names(table: &str) -> CallError {
    CallError::new(
        Code::Denied,
        format!(
            "`NATURAL` and `USING` are not for `{table}`, of which not all columns may be read"
        ),
    )
    .hint("join with `ON`, which names the columns")
}

pub(crate) fn replaces(table: &str) -> CallError {
    CallError::new(
        Code::Denied,
        format!("`REPLACE` would delete a row of `{table}`, and only columns of it may be changed"),
    )
    .hint("first change the row that is in the way")
}

pub(crate) fn settings(table: &str) -> CallError {
    CallError::new(
        Code::Denied,
        format!("the statement would change a setting of `{table}`, and guests change only rows"),
    )
    .hint("leave settings of full text to the owner of the database")
}

pub(crate) fn has_largest_rowid(table: &str) -> CallError {
    CallError::new(
        Code::TooLarge,
        format!(
            "`{table}` has a row with the rowid {}, so SQLite would give its next row a random one",
            i64::MAX
        ),
    )
    .hint("give rows smaller keys, below 2^40 in a table that has this row")
}

pub(crate) fn beyond() -> CallError {
    CallError::new(
        Code::Denied,
        "the statement reaches for something that does not exist or was not granted, through a trigger, a foreign key, an index or \
         a virtual table",
    )
}

/// Why a statement failed while it was stepped.
pub(crate) fn failed(fault: &Fault, refused: Option<Refused>, rules: &Rules) -> CallError {
    if fault.code & 0xff == codes::SQLITE_AUTH || refused.is_some() {
        return refused.map_or_else(beyond, |refused| denied(&refused, rules));
    }
    let message = || cut(&fault.message);
    match fault.code & 0xff {
        codes::SQLITE_CONSTRAINT if fault.code == codes::SQLITE_CONSTRAINT_DATATYPE => {
            CallError::new(Code::Type, constraint(&fault.message, rules))
        }
        codes::SQLITE_CONSTRAINT => {
            CallError::new(Code::Constraint, constraint(&fault.message, rules))
        }
        codes::SQLITE_MISMATCH => CallError::new(Code::Type, message()),
        codes::SQLITE_BUSY | codes::SQLITE_LOCKED => busy(),
        codes::SQLITE_TOOBIG => CallError::new(
            Code::TooLarge,
            format!("a value or a row has more than {VALUE_BYTES} bytes"),
        ),
        codes::SQLITE_ERROR if fault.message == "LIKE or GLOB pattern too complex" => {
            CallError::new(
                Code::TooLarge,
                format!("a pattern of `LIKE` or `GLOB` has more than {PATTERN_BYTES} bytes"),
            )
        }
        codes::SQLITE_ERROR if fault.message == "too many levels of trigger recursion" => {
            too_deep()
        }
        // A function does not take its value, such as invalid JSON, a number that overflows, or an invalid
        // full-text query.
        codes::SQLITE_ERROR => CallError::new(Code::Type, message()),
        _ => CallError::new(Code::Engine, message()),
    }
}

/// The message names a constraint's columns only if the guest knows all of them.
fn constraint(message: &str, rules: &Rules) -> String {
    let Some((what, on)) = message.split_once(" constraint failed: ") else {
        // A foreign key failed, or a trigger of the database raised this.
        return cut(message);
    };
    let is_known = |column: &str| {
        let known = column
            .split_once('.')
            .and_then(|(table, column)| Some((rules.of(table)?, column)));
        known.is_some_and(|(granted, column)| granted.has(column))
    };
    let is_check = what == "CHECK";
    if !is_check && on.split(", ").all(is_known) || is_check && rules.all_whole() {
        return cut(message);
    }
    format!("{what} constraint failed")
}

pub(crate) fn cut(message: &str) -> String {
    let end = message.floor_char_boundary(MESSAGE_BYTES);
    message.get(..end).unwrap_or_default().to_owned()
}
