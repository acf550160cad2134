//! What a policy grants of AI: which model for which work.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use fractalaw_host::capability::{GrantKey, GrantedName};
use serde_json::Value;

use crate::exact;
use crate::served::Served;
use crate::tables::{CLASSIFY, EMBEDDINGS, INFERENCE};

/// The key in policies and manifests.
pub(crate) const KEY: &str = "ai";

/// The model that makes embeddings.
pub(crate) const EMBED: &str = "embed";

/// The model with which texts are classified.
pub(crate) const CLASSIFYING: &str = "classify";

/// The model that writes.
pub(crate) const GENERATE: &str = "generate";

/// Texts that are examples of a category: the category is then compared by them, and not by its name.
pub(crate) const EXAMPLES: &str = "examples";

/// The file with recorded answers, which are given in place of those of served models.
pub(crate) const REPLAY: &str = "replay";

/// The file to which the answers of served models are added.
pub(crate) const RECORD: &str = "record";

/// Whether effects have the texts, in addition to their digests.
pub(crate) const TEXTS: &str = "texts";

/// A component that imports an interface asks for the name that belongs to it.
pub(crate) const GRANT_KEY: GrantKey = GrantKey {
    value: check,
    needed_by: &[
        (EMBEDDINGS, EMBED),
        (CLASSIFY, CLASSIFYING),
        (INFERENCE, GENERATE),
    ],
    ..GrantKey::names(KEY, "models to")
};

/// A model that was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Model {
    /// The one in the host.
    #[default]
    Exact,
    /// One that a server has.
    Served(Arc<Served>),
}

impl Model {
    /// The name in requests.
    pub(crate) fn name(&self) -> &str {
        match self {
            Model::Exact => exact::NAME,
            Model::Served(served) => &served.name,
        }
    }
}

/// What a run is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) embed: Model,
    pub(crate) classify: Model,
    /// `None` if no model was named that writes.
    pub(crate) generate: Option<Arc<Served>>,
    /// By category.
    pub(crate) examples: BTreeMap<String, Vec<String>>,
    pub(crate) replay: Option<PathBuf>,
    pub(crate) record: Option<PathBuf>,
    pub(crate) shows_texts: bool,
}

impl Granted {
    /// The grants from the names under the key. Each value was checked when the policy was read.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a GrantedName>) -> Granted {
        let mut granted = Granted::default();
        for name in names {
            let value = name.value();
            let file = || value.as_str().map(|file| name.folder().join(file));
            match name.name() {
                EMBED => granted.embed = model(value).unwrap_or_default(),
                CLASSIFYING => granted.classify = model(value).unwrap_or_default(),
                GENERATE => granted.generate = Served::read(value).ok().map(Arc::new),
                EXAMPLES => granted.examples = examples(value).unwrap_or_default(),
                REPLAY => granted.replay = file(),
                RECORD => granted.record = file(),
                TEXTS => granted.shows_texts = true,
                _ => {}
            }
        }
        granted
    }
}

fn model(value: &Value) -> Result<Model, String> {
    if *value == true || value == exact::NAME {
        return Ok(Model::Exact);
    }
    let served = Served::read(value).map_err(|expected| {
        format!("`\"static\"`, the model in the host, `true`, which is the same, or {expected}")
    })?;
    Ok(Model::Served(Arc::new(served)))
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
        EMBED | CLASSIFYING => model(value).map(drop),
        GENERATE if *value == true => Ok(()),
        GENERATE => Served::read(value).map(drop),
        EXAMPLES => expected(
            examples(value).is_some(),
            "for each category a list of texts, such as `{ \"near miss\" = [\"a beam fell, nobody was hurt\"] }`",
        ),
        REPLAY | RECORD => expected(
            value.as_str().is_some_and(|file| !file.is_empty()),
            "a file of recorded answers",
        ),
        TEXTS => expected(*value == true, "`true`"),
        _ => Err(format!(
            "nothing of that name: `{KEY}` has `{EMBED}`, `{CLASSIFYING}`, `{GENERATE}`, `{EXAMPLES}`, `{REPLAY}`, \
             `{RECORD}` and `{TEXTS}`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_policy_may_say_is_checked() {
        let served = json!({
            "model": "m", "url": "http://127.0.0.1:8080/v1", "key": "MODEL_KEY", "dimensions": 384
        });
        for (name, value) in [
            (EMBED, json!(true)),
            (EMBED, json!("static")),
            (EMBED, served.clone()),
            (CLASSIFYING, json!("static")),
            (CLASSIFYING, json!({ "model": "m" })),
            (GENERATE, json!(true)),
            (GENERATE, served),
            (
                GENERATE,
                json!({ "model": "m", "url": "unix:/run/models.sock" }),
            ),
            (EXAMPLES, json!({ "fire": ["smoke", "burnt"] })),
            (EXAMPLES, json!({})),
            (REPLAY, json!("answers.jsonl")),
            (RECORD, json!("answers.jsonl")),
            (TEXTS, json!(true)),
        ] {
            assert_eq!(check(name, &value), Ok(()), "{name} {value}");
        }
        for (name, value) in [
            (EMBED, json!(false)),
            (EMBED, json!("another")),
            (CLASSIFYING, json!({})),
            (GENERATE, json!("static")),
            (GENERATE, json!({ "url": "http://127.0.0.1:8080/v1" })),
            (
                GENERATE,
                json!({ "model": "m", "url": "https://example.org/v1" }),
            ),
            (
                GENERATE,
                json!({ "model": "m", "url": "http://127.0.0.1:1/v1", "secret": "k" }),
            ),
            (GENERATE, json!({ "model": "m", "key": "" })),
            (GENERATE, json!({ "model": "m", "dimensions": 0 })),
            (EXAMPLES, json!(["fire"])),
            (EXAMPLES, json!({ "fire": [] })),
            (EXAMPLES, json!({ "fire": [1] })),
            (EXAMPLES, json!({ "fire": "smoke" })),
            (REPLAY, json!(true)),
            (RECORD, json!("")),
            (TEXTS, json!("all")),
            ("embeds", json!(true)),
        ] {
            assert!(check(name, &value).is_err(), "{name} {value}");
        }
    }
}
