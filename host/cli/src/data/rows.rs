//! Rows for programs: JSON objects on lines, and comma-separated values.

use std::collections::BTreeSet;

use fractalaw_host::terminal;
use fractalaw_sqlite::Value;

use super::value::{hex, looks_like_another, row as object};
use crate::same_name::SameName;

/// Rows as objects.
pub(super) struct JsonLines {
    columns: Vec<String>,
}

impl JsonLines {
    pub(super) fn new(columns: Vec<String>) -> Result<JsonLines, SameName> {
        let mut seen = BTreeSet::new();
        match columns.iter().find(|column| !seen.insert(*column)) {
            Some(twice) => Err(SameName(twice.clone())),
            None => Ok(JsonLines { columns }),
        }
    }

    /// A row as a line.
    pub(super) fn row(&self, row: &[Value]) -> String {
        terminal::json(object(&self.columns, row)) + "\n"
    }
}

/// Rows as RFC 4180 has them.
pub(super) struct Csv {
    /// Whether a terminal gets them. It would obey characters in them.
    pub(super) for_terminal: bool,
}

impl Csv {
    pub(super) fn header(&self, columns: &[String]) -> Vec<u8> {
        self.line(columns.iter().map(|column| {
            // An empty name is text.
            let mut field = Vec::new();
            self.text(&mut field, column.as_bytes());
            field
        }))
    }

    pub(super) fn row(&self, row: &[Value]) -> Vec<u8> {
        self.line(row.iter().map(|value| {
            let mut field = Vec::new();
            match value {
                Value::Null => {}
                Value::Integer(number) => field.extend(number.to_string().bytes()),
                Value::Real(number) => field.extend(format!("{number:?}").bytes()),
                Value::Text(text) => self.text(&mut field, text),
                Value::Blob(bytes) => field.extend(format!("x'{}'", hex(bytes)).bytes()),
            }
            field
        }))
    }

    fn line(&self, fields: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
        let mut line = Vec::new();
        for (at, field) in fields.enumerate() {
            if at > 0 {
                line.push(b',');
            }
            line.extend(field);
        }
        line.push(b'\n');
        line
    }

    fn text(&self, field: &mut Vec<u8>, text: &[u8]) {
        let harmless;
        let text = match self.for_terminal {
            true => {
                harmless = escaped(&String::from_utf8_lossy(text));
                harmless.as_bytes()
            }
            false => text,
        };
        let needs_quotes = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
        let is_plain = !text.is_empty() && !std::str::from_utf8(text).is_ok_and(looks_like_another);
        if is_plain && !text.iter().any(needs_quotes) {
            field.extend(text);
            return;
        }
        field.push(b'"');
        for byte in text {
            if *byte == b'"' {
                field.push(b'"');
            }
            field.push(*byte);
        }
        field.push(b'"');
    }
}

/// The text without what a terminal would obey. Line ends stay, because they are part of the form.
fn escaped(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(terminal::one_line).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_as_it_is_in_a_file_and_harmless_on_a_terminal() {
        let text = |text: &str| Value::Text(text.as_bytes().into());
        let row = [
            Value::Null,
            text(""),
            text("a, \"b\"\nc"),
            text("\u{1b}[2J"),
            text("-1"),
            text("x'ff'"),
            Value::Integer(-1),
            Value::Real(0.5),
            Value::Blob([0xff].into()),
        ];
        for (for_terminal, line) in [
            (
                false,
                ",\"\",\"a, \"\"b\"\"\nc\",\u{1b}[2J,\"-1\",\"x'ff'\",-1,0.5,x'ff'\n",
            ),
            (
                true,
                ",\"\",\"a, \"\"b\"\"\nc\",\\u{1b}[2J,\"-1\",\"x'ff'\",-1,0.5,x'ff'\n",
            ),
        ] {
            let csv = Csv { for_terminal };
            assert_eq!(String::from_utf8(csv.row(&row)).unwrap(), line);
        }
    }
}
