//! Why a statement did not compile, as the guest is told it.
//!
//! The guest's statement has compiled in its world, which has no triggers, foreign keys, checks and indexes. So what is wrong only in the
//! database is not in the statement itself, and SQLite's message may name what the guest must not know.

use fractalaw_data_call::{CallError, Code};
use rusqlite::ffi as codes;

use crate::ffi::Fault;
use crate::guard::{Refused, Rules};
use crate::messages::{beyond, cut, denied, failed, no_statement, too_complex, too_deep};

/// The error for a statement that did not compile. These rules are those of the connection that it was compiled on.
pub(crate) fn not_compiled(
    fault: Option<Fault>,
    refused: Option<Refused>,
    rules: &Rules,
    sql: &str,
) -> CallError {
    if let Some(refused) = refused {
        return denied(&refused, rules);
    }
    let Some(fault) = fault else {
        return no_statement();
    };
    match fault.code & 0xff {
        codes::SQLITE_ERROR => {}
        // SQLite says so too when the program that it makes of the statement has too many instructions.
        codes::SQLITE_NOMEM => return too_complex(),
        _ => return failed(&fault, None, rules),
    }
    if fault.message == "triggers nested too deep" {
        return too_deep();
    }
    let is_too_large = [
        "too many",
        "at most",
        "Expression tree is too large",
        "parser stack overflow",
    ]
    .iter()
    .any(|start| fault.message.starts_with(start));
    if is_too_large || fault.message.contains("too big") {
        return CallError::new(Code::TooLarge, cut(&fault.message));
    }
    // The schema may be read in the world alone.
    match rules.schema {
        true => in_the_world(&fault.message),
        false => in_the_database(&fault.message, rules, sql),
    }
}

/// The statement itself is wrong.
fn in_the_world(fault: &str) -> CallError {
    let message = quoted(fault);
    let names_nothing = [
        "no such table",
        "no such column",
        "no such function",
        "no such table-valued function",
    ];
    if names_nothing.iter().any(|start| fault.starts_with(start))
        || fault.contains("has no column named")
    {
        let column = fault.starts_with("no such column: \"");
        let error = CallError::new(Code::NoSuchName, message);
        return if column {
            error.hint("write text between single quotes")
        } else {
            error
        };
    }
    CallError::new(Code::Syntax, message)
}

/// Something that the statement reaches is wrong, or the database's table differs from that of the world.
fn in_the_database(fault: &str, rules: &Rules, sql: &str) -> CallError {
    // A trigger can be wrong in the same way, but with tables and columns that the statement does not name.
    let sql = sql.to_ascii_lowercase();
    let is_named = |name: &str| sql.contains(&name.to_ascii_lowercase());
    let has_other_columns = fault
        .strip_prefix("table ")
        .and_then(|rest| rest.split_once(" has "))
        .is_some_and(|(name, has)| {
            has.contains(" columns but ") && rules.of(name).is_some() && is_named(name)
        });
    let sets_computed = fault
        .split_once(" generated column ")
        .is_some_and(|(_, name)| is_named(name.trim_matches('"')));
    if has_other_columns || sets_computed {
        return CallError::new(
            Code::Denied,
            "a column that is computed from others cannot be set",
        )
        .hint("name the columns that get values, without this one");
    }
    beyond()
}

/// Puts the names and tokens of SQLite's message between backticks.
fn quoted(message: &str) -> String {
    let message = cut(message);
    match message.split_once(": ") {
        Some((what, name)) if what.starts_with("no such") => {
            let name = name
                .strip_suffix(" - should this be a string literal in single-quotes?")
                .unwrap_or(name);
            format!("{what}: `{}`", name.trim_matches('"').to_ascii_lowercase())
        }
        _ => message,
    }
}
