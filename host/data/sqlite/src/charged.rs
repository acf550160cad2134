//! What calls of SQLite's own functions cost. Their work grows with the bytes of their arguments, and neither SQLite's steps
//! nor its memory show it: a function for JSON walks through a parsed document without allocating.

use rusqlite::{Connection, Result};

use crate::ffi::{self, Charge, Charged, Replaced};
use crate::price;
use crate::search;
use crate::work;

pub(crate) fn install(connection: &Connection) -> Result<()> {
    ffi::replace(connection, FUNCTIONS)?;
    ffi::replace_tables(connection, &["json_each", "json_tree"], JSON)?;
    search::install(connection)?;
    ffi::replace_no_case(connection, |bytes| {
        // If the run cannot pay, SQLite is stopped between its next steps.
        let _ = work::charge(price::READ_BYTE.saturating_mul(bytes));
    })
}

fn charge(fuel: u64) -> Charged {
    work::charge(fuel).map_err(|stop| stop.to_string())
}

/// The first argument is a document. A path among the others is followed from its start. SQLite keeps the last documents
/// that it parsed during a statement: what it allocates tells whether it parses.
const JSON: Charge = Charge {
    before: |arguments| {
        let byte = match arguments.is_blob(0) {
            true => price::JSONB_BYTE,
            false => price::JSON_BYTE,
        };
        let walks = arguments.len().saturating_sub(1).max(1) as u64;
        let document = arguments.bytes(0).saturating_mul(walks);
        let others: u64 = (1..arguments.len()).map(|at| arguments.bytes(at)).sum();
        charge(byte.saturating_mul(document.saturating_add(others)))
    },
    after: |made| charge(price::JSON_MADE_BYTE.saturating_mul(made)),
};

/// Each argument is read whole.
const WHOLE: Charge = Charge {
    before: |arguments| {
        let bytes: u64 = (0..arguments.len()).map(|at| arguments.bytes(at)).sum();
        charge(price::READ_BYTE.saturating_mul(bytes))
    },
    after: |_| Ok(()),
};

/// Each argument is read whole, and each `%` of the first one is replaced.
const FORMAT: Charge = Charge {
    before: |arguments| {
        let signs = arguments.count(0, b'%');
        charge(price::FORMATTED.saturating_mul(signs))?;
        (WHOLE.before)(arguments)
    },
    after: |_| Ok(()),
};

/// The first argument is read up to the last character that is asked for.
const UP_TO: Charge = Charge {
    before: |arguments| {
        if arguments.is_blob(0) {
            return Ok(());
        }
        let place = |at| arguments.integer(at).and_then(|at| u64::try_from(at).ok());
        let end = place(1)
            .zip(place(2))
            .map(|(from, most)| from.saturating_add(most));
        // A character has at most four bytes.
        let read = end.map_or(u64::MAX, |end| end.saturating_mul(4));
        charge(price::READ_BYTE.saturating_mul(arguments.bytes(0).min(read)))
    },
    after: |_| Ok(()),
};

macro_rules! functions {
    ($($name:literal $arguments:literal $example:literal $charge:ident)*) => {
        &[$(Replaced { name: $name, arguments: $arguments, example: $example, charge: $charge }),*]
    };
}

static FUNCTIONS: &[Replaced] = functions! {
    "->" 2 "?1 -> ?2" JSON
    "->>" 2 "?1 ->> ?2" JSON
    "abs" 1 "abs(?1)" WHOLE
    "concat" -1 "concat(?1)" WHOLE
    "concat_ws" -1 "concat_ws(?1, ?2)" WHOLE
    "format" -1 "format(?1)" FORMAT
    "hex" 1 "hex(?1)" WHOLE
    "json" 1 "json(?1)" JSON
    "json_array" -1 "json_array(?1)" WHOLE
    "json_array_insert" -1 "json_array_insert(?1)" JSON
    "json_array_length" 1 "json_array_length(?1)" JSON
    "json_array_length" 2 "json_array_length(?1, ?2)" JSON
    "json_error_position" 1 "json_error_position(?1)" JSON
    "json_extract" -1 "json_extract(?1)" JSON
    "json_insert" -1 "json_insert(?1)" JSON
    "json_object" -1 "json_object()" WHOLE
    "json_pretty" 1 "json_pretty(?1)" JSON
    "json_pretty" 2 "json_pretty(?1, ?2)" JSON
    "json_quote" 1 "json_quote(?1)" WHOLE
    "json_remove" -1 "json_remove(?1)" JSON
    "json_replace" -1 "json_replace(?1)" JSON
    "json_set" -1 "json_set(?1)" JSON
    "json_type" 1 "json_type(?1)" JSON
    "json_type" 2 "json_type(?1, ?2)" JSON
    "json_valid" 1 "json_valid(?1)" JSON
    "json_valid" 2 "json_valid(?1, ?2)" JSON
    "jsonb" 1 "jsonb(?1)" JSON
    "jsonb_array" -1 "jsonb_array(?1)" WHOLE
    "jsonb_array_insert" -1 "jsonb_array_insert(?1)" JSON
    "jsonb_extract" -1 "jsonb_extract(?1)" JSON
    "jsonb_insert" -1 "jsonb_insert(?1)" JSON
    "jsonb_object" -1 "jsonb_object()" WHOLE
    "jsonb_remove" -1 "jsonb_remove(?1)" JSON
    "jsonb_replace" -1 "jsonb_replace(?1)" JSON
    "jsonb_set" -1 "jsonb_set(?1)" JSON
    "lower" 1 "lower(?1)" WHOLE
    "printf" -1 "printf(?1)" FORMAT
    "quote" 1 "quote(?1)" WHOLE
    "round" 1 "round(?1)" WHOLE
    "round" 2 "round(?1, ?2)" WHOLE
    "strftime" -1 "strftime(?1)" FORMAT
    "substr" 2 "substr(?1, ?2)" UP_TO
    "substr" 3 "substr(?1, ?2, ?3)" UP_TO
    "substring" 2 "substring(?1, ?2)" UP_TO
    "substring" 3 "substring(?1, ?2, ?3)" UP_TO
    "unistr" 1 "unistr(?1)" WHOLE
    "unistr_quote" 1 "unistr_quote(?1)" WHOLE
    "upper" 1 "upper(?1)" WHOLE
};
