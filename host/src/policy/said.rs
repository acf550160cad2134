//! Values in a policy that only a host can judge, because its capabilities decide what is valid. They are kept
//! with their lines.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::PolicyError;
use fractalaw_manifest::terminal::one_line;

/// The value of some key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) value: Value,
    /// TOML's name for the type of the value.
    kind: &'static str,
    /// The line of the key, from 1.
    pub(crate) line: usize,
    value_line: usize,
    /// The contents, if the value is a table.
    table: Option<BTreeMap<String, Said>>,
}

/// The line of a byte in a text, from 1.
pub(super) fn line(text: &str, byte: usize) -> usize {
    let before = &text.as_bytes()[..byte.min(text.len())];
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

impl Said {
    /// Reads a value whose key is at this byte of the text.
    pub(super) fn read(text: &str, key_at: usize, value: &Spanned<DeValue<'_>>) -> Said {
        let table = value.get_ref().as_table();
        Said {
            value: json(value.get_ref()),
            kind: value.get_ref().type_str(),
            line: line(text, key_at),
            value_line: line(text, value.span().start),
            table: table.map(|table| Said::read_table(text, table)),
        }
    }

    /// Reads each value of a table.
    pub(super) fn read_table(text: &str, table: &DeTable<'_>) -> BTreeMap<String, Said> {
        let said = table.iter().map(|(key, value)| {
            let said = Said::read(text, key.span().start, value);
            (key.get_ref().to_string(), said)
        });
        said.collect()
    }

    /// The values in the table, by name.
    pub(super) fn names(&self, key: &str) -> Result<&BTreeMap<String, Said>, PolicyError> {
        self.table
            .as_ref()
            .ok_or_else(|| self.expected(key, "a table"))
    }

    /// Adds the names of another table that this one does not have.
    pub(super) fn or(&mut self, other: Said) {
        let (Some(table), Value::Object(value)) = (&mut self.table, &mut self.value) else {
            return;
        };
        for (name, said) in other.table.unwrap_or_default() {
            if let Entry::Vacant(place) = table.entry(name) {
                value.insert(place.key().clone(), said.value.clone());
                place.insert(said);
            }
        }
    }

    /// The error for a value that should be something else.
    pub(super) fn expected(&self, key: &str, expected: &str) -> PolicyError {
        let message = format!("`{}` is {}, expected {expected}", one_line(key), self.kind);
        PolicyError::new(message).on_line(self.value_line)
    }

    /// Checks that the value is `true`. Whatever is not granted is denied, so `false` could only mislead.
    pub(super) fn only_true(&self, key: &str) -> Result<(), PolicyError> {
        match self.value {
            Value::Bool(true) => Ok(()),
            Value::Bool(false) => Err(self.is_false(key)),
            _ => Err(self.expected(key, "`true`")),
        }
    }

    pub(super) fn is_false(&self, key: &str) -> PolicyError {
        let message = format!("`{}` is `false`, expected `true`", one_line(key));
        PolicyError::new(message)
            .on_line(self.value_line)
            .hint("what no section grants is denied: remove the line")
    }

    /// The number of a quota, at most `most`. The hint is for a larger one.
    pub(super) fn at_most(&self, key: &str, most: u64, hint: &str) -> Result<u64, PolicyError> {
        let number = self.value.as_u64();
        let number =
            number.ok_or_else(|| self.expected(key, &format!("a number from 0 to {most}")))?;
        if number > most {
            let message = format!("`{key}` is {number}, expected at most {most}");
            let error = PolicyError::new(message).on_line(self.value_line);
            return Err(error.hint(hint));
        }
        Ok(number)
    }
}

fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(integer) => {
            let (digits, radix) = (integer.as_str(), integer.radix());
            let unsigned = u64::from_str_radix(digits, radix).map(Number::from);
            let number = unsigned.or_else(|_| i64::from_str_radix(digits, radix).map(Number::from));
            number.map_or(Value::Null, Value::Number)
        }
        DeValue::Float(float) => {
            let number = float.as_str().parse().ok().and_then(Number::from_f64);
            number.map_or(Value::Null, Value::Number)
        }
        DeValue::Boolean(is) => Value::Bool(*is),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Array(list) => list.iter().map(|value| json(value.get_ref())).collect(),
        DeValue::Table(table) => {
            let fields = table.iter();
            let fields =
                fields.map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())));
            Value::Object(fields.collect())
        }
    }
}
