//! A value of a database, for people and for programs. No two values look the same.

use std::fmt::Write;

use fractalaw_host::terminal;
use fractalaw_sqlite::Value;
use serde_json::{Value as Json, json};

/// The characters of a value in a table.
const CELL_CHARS: usize = 60;

/// The bytes of a blob in a table.
const CELL_BLOB_BYTES: usize = 16;

const CUT: char = '…';

/// A value in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) is_number: bool,
    pub(super) is_cut: bool,
}

/// The value on one line. Text that looks like another value, or that a terminal would obey, is in quotes.
pub(super) fn cell(value: &Value) -> Cell {
    let (text, is_cut) = match value {
        Value::Null => ("NULL".to_owned(), false),
        Value::Integer(number) => (number.to_string(), false),
        Value::Real(number) => (format!("{number:?}"), false),
        Value::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => shown(text),
            Err(_) => blob("text x", bytes),
        },
        Value::Blob(bytes) => blob("x", bytes),
    };
    Cell {
        text,
        is_number: matches!(value, Value::Integer(_) | Value::Real(_)),
        is_cut,
    }
}

/// A column's name on one line.
pub(super) fn name(name: &str) -> String {
    shown(name).0
}

fn shown(text: &str) -> (String, bool) {
    let (end, is_cut) = match text.char_indices().nth(CELL_CHARS) {
        Some((end, _)) => (end, true),
        None => (text.len(), false),
    };
    let part = &text[..end];
    let is_plain = !part.is_empty()
        && part != "NULL"
        && part.trim() == part
        && !part.starts_with(['"', '\''])
        && !looks_like_another(part)
        && !part.starts_with("text x'")
        && !part.ends_with(CUT)
        && !part.contains(|c| terminal::is_unsafe(c) || c == '\\');
    let mut shown = match is_plain {
        true => part.to_owned(),
        false => terminal::json(Json::from(part).to_string()),
    };
    if is_cut {
        shown.push(CUT);
    }
    (shown, is_cut)
}

/// Whether the text could be taken for a number or a blob.
pub(super) fn looks_like_another(text: &str) -> bool {
    text.starts_with("x'") || text.parse::<f64>().is_ok()
}

fn blob(kind: &str, bytes: &[u8]) -> (String, bool) {
    let is_cut = bytes.len() > CELL_BLOB_BYTES;
    let mut text = format!("{kind}'{}", hex(&bytes[..bytes.len().min(CELL_BLOB_BYTES)]));
    match is_cut {
        true => text.push(CUT),
        false => text.push('\''),
    }
    (text, is_cut)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Readers of JSON keep integers from -(2^53) to 2^53 exactly.
const EXACT: u64 = 1 << 53;

/// The whole value as JSON. What JSON cannot hold, or its readers would round, is an object that names its type.
pub(super) fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(number) if number.unsigned_abs() <= EXACT => json!(number),
        Value::Integer(number) => json!({ "integer": number.to_string() }),
        Value::Real(number) if number.is_finite() => json!(number),
        Value::Real(number) => json!({ "real": format!("{number:?}") }),
        Value::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => json!(text),
            Err(_) => json!({ "text-hex": hex(bytes) }),
        },
        Value::Blob(bytes) => json!({ "blob": hex(bytes) }),
    }
}

/// An object as JSON. Its members come in this order, each with its JSON, because the order of columns means
/// something to people.
pub(super) fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut text = String::from("{");
    for (name, member) in members {
        if text.len() > 1 {
            text.push(',');
        }
        text.extend([&Json::from(name).to_string(), ":", &member]);
    }
    text.push('}');
    text
}

/// A row as an object.
pub(super) fn row(columns: &[String], values: &[Value]) -> String {
    let columns = columns.iter().map(String::as_str);
    object(columns.zip(values.iter().map(|value| json(value).to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.as_bytes().into())
    }

    #[test]
    fn each_value_has_its_own_look() {
        let long = "a".repeat(CELL_CHARS + 1);
        let cases = [
            (Value::Null, "NULL", json!(null)),
            (text("NULL"), "\"NULL\"", json!("NULL")),
            (text(""), "\"\"", json!("")),
            (text(" a"), "\" a\"", json!(" a")),
            (text("a b"), "a b", json!("a b")),
            (text("\"a\""), "\"\\\"a\\\"\"", json!("\"a\"")),
            (text("O'Brien"), "O'Brien", json!("O'Brien")),
            (text("-7"), "\"-7\"", json!("-7")),
            (text("1e3"), "\"1e3\"", json!("1e3")),
            (text("inf"), "\"inf\"", json!("inf")),
            (text("2026-03-14"), "2026-03-14", json!("2026-03-14")),
            (text("x'00'"), "\"x'00'\"", json!("x'00'")),
            (Value::Blob([0].into()), "x'00'", json!({ "blob": "00" })),
            (Value::Blob([].into()), "x''", json!({ "blob": "" })),
            (
                Value::Text([0xff].into()),
                "text x'ff'",
                json!({ "text-hex": "ff" }),
            ),
            (Value::Integer(-7), "-7", json!(-7)),
            (
                Value::Integer(i64::MAX),
                "9223372036854775807",
                json!({ "integer": "9223372036854775807" }),
            ),
            (Value::Real(1.0), "1.0", json!(1.0)),
            (Value::Real(-0.1), "-0.1", json!(-0.1)),
            (
                Value::Real(f64::NEG_INFINITY),
                "-inf",
                json!({ "real": "-inf" }),
            ),
            (
                text("a\n\u{1b}[2J\u{202e}\\"),
                "\"a\\n\\u001b[2J\\u202e\\\\\"",
                json!("a\n\u{1b}[2J\u{202e}\\"),
            ),
            (text("a…"), "\"a…\"", json!("a…")),
        ];
        for (value, looks, whole) in cases {
            let shown = cell(&value);
            assert_eq!((&*shown.text, shown.is_cut), (looks, false), "{value:?}");
            assert_eq!(json(&value), whole, "{value:?}");
        }
        let shown = cell(&text(&long));
        assert_eq!(shown.text, "a".repeat(CELL_CHARS) + "…");
        assert!(shown.is_cut);
        let shown = cell(&Value::Blob([1; 17].into()));
        assert_eq!(shown.text, format!("x'{}…", "01".repeat(16)));
        assert!(shown.is_cut);
    }
}
