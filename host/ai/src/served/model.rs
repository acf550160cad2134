//! A model that a server has.

use fractalaw_catalogue::{Address, EXPECTED, Model, Price};
use fractalaw_host::terminal::one_line;
use serde_json::Value;

use crate::exact;

/// A model that a server has, as a policy or a list of models describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Served {
    /// The name in recordings and reports.
    pub(crate) name: String,
    /// The name by which the server knows it, if that is another one.
    pub(crate) at_server: Option<String>,
    /// `None` if its answers are only replayed.
    pub(crate) address: Option<Address>,
    /// The environment variable with the key that the server asks for.
    pub(crate) key: Option<String>,
    /// The numbers of a vector, if they are known.
    pub(crate) dimensions: Option<usize>,
    /// The most tokens that it writes, if that is known.
    pub(crate) max_tokens: Option<u32>,
    /// What a list says that a call and a token cost.
    pub(crate) price: Price,
    /// The SHA-256 that identifies it, if it is in a list.
    pub(crate) digest: Option<String>,
}

impl Served {
    /// A model of a list, with its name there.
    pub(crate) fn listed(name: &str, model: &Model) -> Served {
        Served {
            name: name.to_owned(),
            at_server: model.model.clone(),
            address: model.url.clone(),
            key: model.key.clone(),
            dimensions: model.kind.dimensions(),
            max_tokens: Some(u32::try_from(model.max_tokens).unwrap_or(u32::MAX)),
            price: model.price,
            digest: Some(model.digest()),
        }
    }

    /// Reads the value in a policy. An error says what was expected.
    pub(crate) fn read(value: &Value) -> Result<Served, String> {
        let wrong = || {
            Err(format!(
                "a served model, such as `{{ model = \"NAME\", url = \"…\" }}` with {EXPECTED}, and `key` and \
                 `dimensions` if needed"
            ))
        };
        let mut served = Served::default();
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
                ("model" | "url" | "key" | "dimensions", _) => return wrong(),
                (other, _) => {
                    let other = one_line(other);
                    return Err(format!(
                        "a served model with `model`, `url`, `key` and `dimensions`, and not with `{other}`"
                    ));
                }
            }
        }
        if served.name.is_empty() {
            return wrong();
        }
        // A report that names it means what is exact.
        if served.name == exact::NAME {
            return Err(format!(
                "a served model with another name than `{}`, which is the model in the host",
                exact::NAME
            ));
        }
        Ok(served)
    }
}
