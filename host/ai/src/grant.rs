//! What a policy grants of AI: which model for which work.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use fractalaw_catalogue::{Catalogue, Fault, Kind, Price, nearest};
use fractalaw_host::PolicyError;
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

/// The list of models, a file: `models.toml`.
pub(crate) const MODELS: &str = "models";

/// Whether effects have the texts, in addition to their digests.
pub(crate) const TEXTS: &str = "texts";

/// A component that imports an interface asks for the name that belongs to it.
pub(crate) const GRANT_KEY: GrantKey = GrantKey {
    known: &[
        EMBED,
        CLASSIFYING,
        GENERATE,
        EXAMPLES,
        MODELS,
        REPLAY,
        RECORD,
        TEXTS,
    ],
    value: check,
    needed_by: &[
        (EMBEDDINGS, EMBED),
        (CLASSIFY, CLASSIFYING),
        (INFERENCE, GENERATE),
    ],
    own_files,
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

    /// What a list of models says that it costs.
    pub(crate) fn price(&self) -> Price {
        match self {
            Model::Exact => Price::default(),
            Model::Served(served) => served.price,
        }
    }
}

/// A model as a policy names it.
#[derive(Debug, PartialEq, Eq)]
enum Named<'v> {
    Exact,
    /// By its name in the list of models.
    Listed(&'v str),
    /// With all that the host needs to know.
    Described(Served),
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
    /// The grants from the names under the key. Each value was checked when the policy was read. A model that is named by its
    /// name is in the list of models.
    pub(crate) fn of(
        names: &[&GrantedName],
        list: Option<&Catalogue>,
    ) -> Result<Granted, PolicyError> {
        let mut granted = Granted::default();
        for name in names {
            let value = name.value();
            match name.name() {
                EMBED => granted.embed = model(EMBED, value, list)?,
                CLASSIFYING => granted.classify = model(CLASSIFYING, value, list)?,
                // `true` asks for a model and names none.
                GENERATE if *value == true => {}
                GENERATE => {
                    if let Model::Served(served) = model(GENERATE, value, list)? {
                        granted.generate = Some(served);
                    }
                }
                EXAMPLES => granted.examples = examples(value).unwrap_or_default(),
                REPLAY => granted.replay = file(name),
                RECORD => granted.record = file(name),
                TEXTS => granted.shows_texts = true,
                _ => {}
            }
        }
        Ok(granted)
    }
}

/// The files that no guest may write. A list says where a model is, and to whom its key is sent.
fn own_files(name: &GrantedName) -> Vec<(&'static str, PathBuf)> {
    let what = match name.name() {
        MODELS => "the list of models",
        REPLAY | RECORD => "the recording",
        _ => return Vec::new(),
    };
    file(name).map(|path| (what, path)).into_iter().collect()
}

/// The file that a name has as its value.
pub(crate) fn file(name: &GrantedName) -> Option<PathBuf> {
    let file = name.value().as_str()?;
    Some(name.folder().join(file))
}

/// The name in the list of models, if this is a grant of such a model.
pub(crate) fn listed(name: &GrantedName) -> Option<&str> {
    match (name.name(), named(name.value())) {
        (EMBED | CLASSIFYING | GENERATE, Ok(Named::Listed(name))) => Some(name),
        _ => None,
    }
}

fn named(value: &Value) -> Result<Named<'_>, String> {
    match value {
        Value::Bool(true) => Ok(Named::Exact),
        Value::String(name) if name == exact::NAME => Ok(Named::Exact),
        Value::String(name) if !name.is_empty() => Ok(Named::Listed(name)),
        value => Served::read(value).map(Named::Described),
    }
}

fn model(work: &str, value: &Value, list: Option<&Catalogue>) -> Result<Model, PolicyError> {
    let served = match named(value) {
        Ok(Named::Exact) | Err(_) => return Ok(Model::Exact),
        Ok(Named::Described(served)) => served,
        Ok(Named::Listed(name)) => {
            let list = list.ok_or_else(|| no_list(name))?;
            let model = list.model(name).map_err(|fault| error(&fault))?;
            let is_writer = model.kind == Kind::Generation;
            if is_writer != (work == GENERATE) {
                return Err(other_kind(work, name, model.kind));
            }
            Served::listed(name, model)
        }
    };
    Ok(Model::Served(Arc::new(served)))
}

/// What is wrong with a list of models.
pub(crate) fn error(fault: &Fault) -> PolicyError {
    policy_error(fault.what(), fault.hint())
}

fn policy_error(message: impl Into<String>, hint: impl Into<String>) -> PolicyError {
    PolicyError::usage(message, hint)
}

/// The error for a model that is named where no list of models is.
pub(crate) fn no_list(name: &str) -> PolicyError {
    let hint = match nearest(name, [exact::NAME]) {
        Some(near) => format!("did you mean `{near}`, the model in the host?"),
        None => format!("name the list that has it, such as `{KEY}.{MODELS} = \"models.toml\"`"),
    };
    policy_error(
        format!("the model `{name}` is named, and no list of models is"),
        hint,
    )
}

fn other_kind(work: &str, name: &str, kind: Kind) -> PolicyError {
    let (found, expected) = match kind {
        Kind::Generation => ("writes", "makes embeddings"),
        Kind::Embeddings { .. } => ("makes embeddings", "writes"),
    };
    policy_error(
        format!(
            "`{KEY}.{work}` names the model `{name}`, which {found}, expected one that {expected}"
        ),
        "`fractalaw models list FILE` shows which model is of which kind",
    )
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

/// A model of the list, in the words of an error.
const LISTED: &str = "the name of a model of the list `models`";

fn is_file(value: &Value) -> bool {
    value.as_str().is_some_and(|file| !file.is_empty())
}

/// Checks the value of a name in a policy.
fn check(name: &str, value: &Value) -> Result<(), String> {
    let expected = |is_right: bool, what: &str| match is_right {
        true => Ok(()),
        false => Err(what.to_owned()),
    };
    match name {
        EMBED | CLASSIFYING => named(value).map(drop).map_err(|expected| {
            format!("`\"static\"`, the model in the host, `true`, which is the same, {LISTED}, or {expected}")
        }),
        GENERATE if *value == true => Ok(()),
        GENERATE if *value == exact::NAME => Err(format!(
            "a model that writes: `static` does not. It is {LISTED}, or a served model"
        )),
        GENERATE => named(value).map(drop).map_err(|expected| format!("{LISTED}, or {expected}")),
        EXAMPLES => expected(
            examples(value).is_some(),
            "for each category a list of texts, such as `{ \"near miss\" = [\"a beam fell, nobody was hurt\"] }`",
        ),
        REPLAY | RECORD => expected(is_file(value), "a file of recorded answers"),
        MODELS => expected(is_file(value), "a list of models, such as `\"models.toml\"`"),
        // `TEXTS`: the host checks the name.
        _ => expected(*value == true, "`true`"),
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
            (EMBED, json!("a-model-of-the-list")),
            (GENERATE, json!("a-model-of-the-list")),
            (MODELS, json!("models.toml")),
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
            (EMBED, json!("")),
            (EMBED, json!({ "model": "static" })),
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
            (MODELS, json!(["models.toml"])),
            (REPLAY, json!(true)),
            (RECORD, json!("")),
            (TEXTS, json!("all")),
        ] {
            assert!(check(name, &value).is_err(), "{name} {value}");
        }
    }
}
