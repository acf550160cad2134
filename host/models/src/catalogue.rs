//! The catalogue `models.toml`: which models there are, and what is known of each.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path};

use serde::Deserialize;
use toml::{Table, Value};

use crate::digest;
use crate::fault::Fault;
use crate::limits::{CATALOGUE_BYTES, MODEL_NUMBER};

/// The name of the file in a folder of models.
pub(crate) const FILE: &str = "models.toml";

/// All models, by the names that requests use.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) models: BTreeMap<String, Model>,
}

/// What is known of a model.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) kind: Kind,
    /// Embeddings: the tokens of a text, with those that mark its begin and end. Generation: the tokens of the prompt and
    /// the answer together.
    pub(crate) max_tokens: usize,
    pub(crate) price: Price,
    /// An SPDX expression.
    pub(crate) licence: String,
    /// The network: ONNX for embeddings, GGUF for generation.
    pub(crate) network: File,
}

/// What a model gives, and what only models of this kind have.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Vectors, by the crate `rten` on one thread.
    Embeddings {
        /// The numbers of a vector.
        dimensions: usize,
        /// BERT's tokens, one a line.
        vocabulary: File,
    },
    /// Answers to prompts, by the crate `candle`. The tokens are in the network's file.
    Generation,
}

impl Kind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Kind::Embeddings { .. } => "embeddings",
            Kind::Generation => "generation",
        }
    }

    pub(crate) fn engine(&self) -> &'static str {
        match self {
            Kind::Embeddings { .. } => "rten",
            Kind::Generation => "candle",
        }
    }

    pub(crate) fn dimensions(&self) -> Option<usize> {
        match self {
            Kind::Embeddings { dimensions, .. } => Some(*dimensions),
            Kind::Generation => None,
        }
    }
}

/// A section `[models.NAME]` as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Section {
    kind: KindName,
    engine: EngineName,
    dimensions: Option<usize>,
    max_tokens: usize,
    price: Price,
    licence: String,
    files: Files,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindName {
    Embeddings,
    Generation,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EngineName {
    Rten,
    Candle,
}

/// What a host should charge, in units of fuel.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Price {
    pub(crate) call: u64,
    pub(crate) token: u64,
}

#[derive(Deserialize)]
struct Files {
    model: File,
    vocabulary: Option<File>,
}

/// A file, relative to the folder of the catalogue.
#[derive(Debug, Deserialize)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) sha256: String,
}

const MODEL_KEYS: [&str; 7] = [
    "kind",
    "engine",
    "dimensions",
    "max-tokens",
    "price",
    "licence",
    "files",
];

impl Catalogue {
    /// Reads the catalogue of a folder.
    pub(crate) fn read(folder: &Path) -> Result<Catalogue, Fault> {
        let path = folder.join(FILE);
        let shown = path.display();
        let unreadable = |error: std::io::Error| {
            Fault::new(
                format!("cannot read `{shown}`: {error}"),
                "name a folder with a `models.toml`: `cargo xtask models get` makes one",
            )
        };
        let mut text = String::new();
        fs::File::open(&path)
            .and_then(|file| file.take(CATALOGUE_BYTES + 1).read_to_string(&mut text))
            .map_err(unreadable)?;
        if text.len() as u64 > CATALOGUE_BYTES {
            return Err(Fault::new(
                format!("`{shown}` has more than {CATALOGUE_BYTES} bytes"),
                "is it a catalogue of models?",
            ));
        }
        Catalogue::parse(&text)
            .map_err(|Wrong { what, hint }| Fault::new(format!("`{shown}`: {what}"), hint))
    }

    fn parse(text: &str) -> Result<Catalogue, Wrong> {
        let table: Table = toml::from_str(text)
            .map_err(|error| Wrong::new(error.to_string().trim_end(), "correct the TOML"))?;
        keys("", &table, &["models"])?;
        let mut models = BTreeMap::new();
        for (name, value) in inner("models", table.get("models"))? {
            models.insert(name.clone(), model(name, value)?);
        }
        match models.is_empty() {
            true => Err(Wrong::new(
                "it has no model",
                "add a section `[models.NAME]`",
            )),
            false => Ok(Catalogue { models }),
        }
    }
}

/// What is wrong with the text.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    what: String,
    hint: String,
}

impl Wrong {
    fn new(what: impl Into<String>, hint: impl Into<String>) -> Wrong {
        Wrong {
            what: what.into(),
            hint: hint.into(),
        }
    }
}

fn model(name: &str, value: &Value) -> Result<Model, Wrong> {
    let at = format!("models.{name}");
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._/:".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_name) {
        return Err(Wrong::new(
            format!("`{name}` is no name of a model"),
            "use at most 64 letters, digits and `-._/:`",
        ));
    }
    let table = inner(&at, Some(value))?;
    keys(&at, table, &MODEL_KEYS)?;
    if let Some(Value::Table(price)) = table.get("price") {
        keys(&format!("{at}.price"), price, &["call", "token"])?;
    }
    if let Some(Value::Table(files)) = table.get("files") {
        keys(&format!("{at}.files"), files, &["model", "vocabulary"])?;
        for (role, file) in files {
            let at = format!("{at}.files.{role}");
            keys(&at, inner(&at, Some(file))?, &["path", "sha256"])?;
        }
    }
    let section: Section = value.clone().try_into().map_err(|error: toml::de::Error| {
        Wrong::new(
            format!("`[{at}]`: {}", error.message()),
            "see `host/models/README.md` for what each key is",
        )
    })?;
    let model = of_kind(&at, section)?;
    check(&at, &model)?;
    Ok(model)
}

/// The model, if the section has the keys that belong to its kind, and no others.
fn of_kind(at: &str, section: Section) -> Result<Model, Wrong> {
    let wrong = |what: &str| {
        Wrong::new(
            format!("`[{at}]`: {what}"),
            "see `host/models/README.md` for which keys belong to which kind",
        )
    };
    let Files { model, vocabulary } = section.files;
    let kind = match (section.kind, section.engine) {
        (KindName::Embeddings, EngineName::Rten) => Kind::Embeddings {
            dimensions: section
                .dimensions
                .ok_or_else(|| wrong("missing field `dimensions`"))?,
            vocabulary: vocabulary.ok_or_else(|| wrong("missing field `files.vocabulary`"))?,
        },
        (KindName::Generation, EngineName::Candle) => {
            if section.dimensions.is_some() {
                return Err(wrong("a model that writes has no `dimensions`"));
            }
            if vocabulary.is_some() {
                return Err(wrong("a model that writes has its tokens in `files.model`"));
            }
            Kind::Generation
        }
        (KindName::Embeddings, EngineName::Candle) => {
            return Err(wrong("the engine of embeddings is `rten`"));
        }
        (KindName::Generation, EngineName::Rten) => {
            return Err(wrong("the engine of a model that writes is `candle`"));
        }
    };
    Ok(Model {
        kind,
        max_tokens: section.max_tokens,
        price: section.price,
        licence: section.licence,
        network: model,
    })
}

fn check(at: &str, model: &Model) -> Result<(), Wrong> {
    let dimensions = model.kind.dimensions().map(|number| ("dimensions", number));
    for (key, number) in dimensions
        .into_iter()
        .chain([("max-tokens", model.max_tokens)])
    {
        // A text has at least the tokens that mark its begin and end.
        if !(2..=MODEL_NUMBER).contains(&(number as u64)) {
            return Err(Wrong::new(
                format!("`{at}.{key}` is {number}"),
                format!("use 2 to {MODEL_NUMBER}"),
            ));
        }
    }
    for (role, file) in model.files() {
        let path = Path::new(&file.path);
        let is_inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if file.path.is_empty() || !is_inside {
            return Err(Wrong::new(
                format!(
                    "`{at}.files.{role}`: `{}` leads out of the folder",
                    file.path
                ),
                "use a path relative to the folder, without `..`",
            ));
        }
        if !digest::is_digest(&file.sha256) {
            return Err(Wrong::new(
                format!("`{at}.files.{role}`: `{}` is no SHA-256", file.sha256),
                "use the 64 digits that `sha256sum` prints",
            ));
        }
    }
    Ok(())
}

/// The table at this place.
fn inner<'a>(at: &str, value: Option<&'a Value>) -> Result<&'a Table, Wrong> {
    match value {
        Some(Value::Table(table)) => Ok(table),
        Some(_) => Err(Wrong::new(
            format!("`{at}` is no table"),
            format!("write it as `[{at}]`"),
        )),
        None => Err(Wrong::new(
            "it has no model",
            "add a section `[models.NAME]`",
        )),
    }
}

/// All keys are known.
fn keys(at: &str, table: &Table, known: &[&str]) -> Result<(), Wrong> {
    let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let place = match at {
        "" => String::new(),
        at => format!(" in `{at}`"),
    };
    Err(Wrong::new(
        format!("unknown key `{key}`{place}"),
        match nearest(key, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys are `{}`", known.join("`, `")),
        },
    ))
}

/// The most similar name, if one is similar.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|other| (strsim::jaro_winkler(name, other), *other))
        .filter(|(similar, _)| *similar > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, other)| other)
}

impl Model {
    /// The files with their roles.
    pub(crate) fn files(&self) -> Vec<(&'static str, &File)> {
        let mut files = vec![("model", &self.network)];
        if let Kind::Embeddings { vocabulary, .. } = &self.kind {
            files.push(("vocabulary", vocabulary));
        }
        files
    }

    /// The digest of the model: that of the lines `ROLE SHA-256` of its files.
    pub(crate) fn digest(&self) -> String {
        let files = self.files().into_iter();
        let lines: String = files
            .map(|(role, file)| format!("{role} {}\n", file.sha256))
            .collect();
        digest::hex(lines.as_bytes())
    }
}

#[cfg(test)]
mod tests;
