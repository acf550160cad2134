//! Facts: names and values in an order, as a capability chose them. In JSON they are a list, and as text one line.

use std::borrow::Cow;

use fractalaw_manifest::terminal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Names and values on one line, with the guest's text made safe to print.
pub(crate) fn line(facts: &[(String, Value)]) -> String {
    let facts = facts.iter();
    let facts = facts.map(|(name, value)| format!("{} {}", word(name), json(value)));
    facts.collect::<Vec<_>>().join(", ")
}

/// A word as it is, or in quotes if it has other characters than names have.
pub(crate) fn word(text: &str) -> Cow<'_, str> {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@');
    if !text.is_empty() && text.chars().all(plain) {
        return text.into();
    }
    json(&text.into()).into()
}

fn json(value: &Value) -> String {
    terminal::json(value.to_string())
}

/// A list instead of an object, because an object has no order.
#[derive(Serialize, Deserialize)]
struct Field<N, V> {
    name: N,
    value: V,
}

pub(crate) fn write_fields<S: Serializer>(
    fields: &[(String, Value)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(fields.iter().map(|(name, value)| Field { name, value }))
}

pub(crate) fn read_fields<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, Value)>, D::Error> {
    let fields = Vec::<Field<String, Value>>::deserialize(deserializer)?;
    Ok(fields
        .into_iter()
        .map(|Field { name, value }| (name, value))
        .collect())
}
