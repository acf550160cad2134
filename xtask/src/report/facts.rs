//! What a capability says of an effect or of a call: names with values, and what a value was before.

use serde_json::Value;

use crate::page::shown::Shown;

/// The characters of a guest's text in a cell.
pub(super) const CELL_CHARACTERS: usize = 400;

/// A name with a value that a capability reported. The value before is there if it changed.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) name: Shown,
    pub(super) before: Option<Shown>,
    pub(super) value: Shown,
}

/// The fact as the page shows it.
pub(super) fn fact((name, value): &(String, Value)) -> Fact {
    let shown = |value: &Value| match value {
        Value::String(text) => Shown::start_of_line(text, CELL_CHARACTERS),
        value => Shown::start_of_line(&value.to_string(), CELL_CHARACTERS),
    };
    let (before, value) = match value {
        Value::Object(both) if both.len() == 2 => match (both.get("before"), both.get("after")) {
            (Some(before), Some(after)) => (Some(shown(before)), shown(after)),
            _ => (None, shown(value)),
        },
        value => (None, shown(value)),
    };
    Fact {
        name: Shown::start_of_line(name, CELL_CHARACTERS),
        before,
        value,
    }
}
