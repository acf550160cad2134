//! A model that a server has.

use serde_json::Value;

use crate::served::address::{Address, EXPECTED};

/// A model that a server has, as a policy names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    /// The name by which the server knows it.
    pub(crate) name: String,
    /// `None` if its answers are only replayed.
    pub(crate) address: Option<Address>,
    /// The environment variable with the key that the server asks for.
    pub(crate) key: Option<String>,
    /// The numbers of a vector, if the policy says it.
    pub(crate) dimensions: Option<usize>,
}

impl Served {
    /// Reads the value in a policy. An error says what was expected.
    pub(crate) fn read(value: &Value) -> Result<Served, String> {
        let wrong = || {
            Err(format!(
                "a served model, such as `{{ model = \"NAME\", url = \"…\" }}` with {EXPECTED}, and `key` and \
                 `dimensions` if needed"
            ))
        };
        let mut served = Served {
            name: String::new(),
            address: None,
            key: None,
            dimensions: None,
        };
        for (name, value) in value.as_object().into_iter().flatten() {
            match (name.as_str(), value) {
                ("model", Value::String(name)) => served.name.clone_from(name),
                ("url", Value::String(url)) => match Address::parse(url) {
                    Some(address) => served.address = Some(address),
                    None => return wrong(),
                },
                ("key", Value::String(key)) if !key.is_empty() => served.key = Some(key.clone()),
                ("dimensions", Value::Number(number)) => match number.as_u64() {
                    Some(number @ 1..=65_536) => served.dimensions = usize::try_from(number).ok(),
                    _ => return wrong(),
                },
                _ => return wrong(),
            }
        }
        if served.name.is_empty() {
            return wrong();
        }
        Ok(served)
    }
}
