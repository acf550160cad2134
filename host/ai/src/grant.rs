//! What a policy grants of AI: which model for which work.

use std::collections::BTreeMap;

use fractalaw_host::capability::{GrantKey, GrantedName};
use serde_json::Value;

use crate::exact;
use crate::tables::{CLASSIFY, EMBEDDINGS};

/// The key in policies and manifests.
pub(crate) const KEY: &str = "ai";

/// The model that makes embeddings.
pub(crate) const EMBED: &str = "embed";

/// The model with which texts are classified.
pub(crate) const CLASSIFYING: &str = "classify";

/// Texts that are examples of a category: the category is then compared by them, and not by its name.
pub(crate) const EXAMPLES: &str = "examples";

/// Whether effects have the texts, in addition to their digests.
pub(crate) const TEXTS: &str = "texts";

/// A component that imports an interface asks for the name that belongs to it.
pub(crate) const GRANT_KEY: GrantKey = GrantKey {
    value: check,
    needed_by: &[(EMBEDDINGS, EMBED), (CLASSIFY, CLASSIFYING)],
    ..GrantKey::names(KEY, "models to")
};

/// What a run is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Granted {
    /// By category.
    pub(crate) examples: BTreeMap<String, Vec<String>>,
    pub(crate) shows_texts: bool,
}

impl Granted {
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a GrantedName>) -> Granted {
        let mut granted = Granted::default();
        for name in names {
            match name.name() {
                EXAMPLES => granted.examples = examples(name.value()).unwrap_or_default(),
                TEXTS => granted.shows_texts = true,
                _ => {}
            }
        }
        granted
    }
}

fn examples(value: &Value) -> Option<BTreeMap<String, Vec<String>>> {
    let mut found = BTreeMap::new();
    for (category, texts) in value.as_object()? {
        let texts = texts.as_array()?.iter().map(|text| text.as_str());
        let texts: Vec<_> = texts
            .map(|text| text.map(str::to_owned))
            .collect::<Option<_>>()?;
        if texts.is_empty() {
            return None;
        }
        found.insert(category.clone(), texts);
    }
    Some(found)
}

/// Checks the value of a name in a policy.
fn check(name: &str, value: &Value) -> Result<(), String> {
    let expected = |is_right: bool, what: &str| match is_right {
        true => Ok(()),
        false => Err(what.to_owned()),
    };
    match name {
        EMBED | CLASSIFYING => {
            let is_model = matches!(value, Value::Bool(true)) || value == exact::NAME;
            expected(
                is_model,
                "`\"static\"`, the model in the host, or `true`, which is the same",
            )
        }
        EXAMPLES => expected(
            examples(value).is_some(),
            "for each category a list of texts, such as `{ \"near miss\" = [\"a beam fell, nobody was hurt\"] }`",
        ),
        TEXTS => expected(matches!(value, Value::Bool(true)), "`true`"),
        _ => Err(format!(
            "nothing of that name: `{KEY}` has `{EMBED}`, `{CLASSIFYING}`, `{EXAMPLES}` and `{TEXTS}`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_policy_may_say_is_checked() {
        for (name, value) in [
            (EMBED, json!(true)),
            (EMBED, json!("static")),
            (CLASSIFYING, json!("static")),
            (EXAMPLES, json!({ "fire": ["smoke", "burnt"] })),
            (EXAMPLES, json!({})),
            (TEXTS, json!(true)),
        ] {
            assert_eq!(check(name, &value), Ok(()), "{name} {value}");
        }
        for (name, value) in [
            (EMBED, json!(false)),
            (EMBED, json!("another")),
            (CLASSIFYING, json!({})),
            (EXAMPLES, json!(["fire"])),
            (EXAMPLES, json!({ "fire": [] })),
            (EXAMPLES, json!({ "fire": [1] })),
            (EXAMPLES, json!({ "fire": "smoke" })),
            (TEXTS, json!("all")),
            ("embeds", json!(true)),
        ] {
            assert!(check(name, &value).is_err(), "{name} {value}");
        }
    }
}
