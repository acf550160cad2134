//! A section `[models.NAME]`: read, and held against what its kind and its engine need.

use std::path::{Component, Path};

use serde::Deserialize;
use toml::Value;

use crate::address::{Address, EXPECTED};
use crate::digest;
use crate::fault::Fault;
use crate::keys;
use crate::limits::{DIMENSIONS, OWN_TOKENS, PRICE_FUEL, SERVERS_TOKENS};
use crate::model::{Engine, EngineName, File, Kind, KindName, Model, Price};

/// A section as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Section {
    kind: KindName,
    engine: EngineName,
    url: Option<String>,
    model: Option<String>,
    key: Option<String>,
    dimensions: Option<usize>,
    max_tokens: usize,
    #[serde(default)]
    price: Price,
    licence: String,
    sha256: Option<String>,
    #[serde(default)]
    files: Files,
}

#[derive(Default, Deserialize)]
struct Files {
    model: Option<File>,
    vocabulary: Option<File>,
}

const KEYS: [&str; 11] = [
    "kind",
    "engine",
    "url",
    "model",
    "key",
    "dimensions",
    "max-tokens",
    "price",
    "licence",
    "sha256",
    "files",
];

const PAGE: &str = "see `host/models/README.md` for what each key is";

/// Reads the section of the model with this name.
pub(crate) fn read(name: &str, value: &Value) -> Result<Model, Fault> {
    let at = format!("models.{name}");
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._/:".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_name) {
        return Err(Fault::new(
            format!("`{name}` is no name of a model"),
            "use at most 64 letters, digits and `-._/:`",
        ));
    }
    if name == "static" {
        return Err(Fault::new(
            "`static` is the model in the host",
            "use another name",
        ));
    }
    check_keys(&at, value)?;
    let section: Section = value.clone().try_into().map_err(|error: toml::de::Error| {
        Fault::new(format!("`[{at}]`: {}", error.message()), PAGE)
    })?;
    let model = model(&at, section)?;
    check_numbers(&at, &model)?;
    model
        .files()
        .into_iter()
        .try_for_each(|(role, file)| check_file(&at, role, file))?;
    Ok(model)
}

fn check_keys(at: &str, value: &Value) -> Result<(), Fault> {
    let table = keys::table(at, value)?;
    keys::known(at, table, &KEYS)?;
    if let Some(Value::Table(price)) = table.get("price") {
        keys::known(&format!("{at}.price"), price, &["call", "token"])?;
    }
    if let Some(Value::Table(files)) = table.get("files") {
        keys::known(&format!("{at}.files"), files, &["model", "vocabulary"])?;
        for (role, file) in files {
            let at = format!("{at}.files.{role}");
            keys::known(&at, keys::table(&at, file)?, &["path", "sha256"])?;
        }
    }
    Ok(())
}

/// The model, if the section has what belongs to its kind and its engine, and nothing else.
fn model(at: &str, section: Section) -> Result<Model, Fault> {
    let wrong = |what: &str| Err(Fault::new(format!("`[{at}]`: {what}"), PAGE));
    let kind = match (section.kind, section.dimensions) {
        (KindName::Embeddings, Some(dimensions)) => Kind::Embeddings { dimensions },
        (KindName::Embeddings, None) => return wrong("missing field `dimensions`"),
        (KindName::Generation, None) => Kind::Generation,
        (KindName::Generation, Some(_)) => {
            return wrong("a model that writes has no `dimensions`");
        }
    };
    if section.engine != EngineName::Server && section.sha256.is_some() {
        return wrong("`sha256` is for a model whose files are not at hand");
    }
    let Files { model, vocabulary } = section.files;
    let engine = match (section.engine, model, vocabulary) {
        (EngineName::Rten, Some(network), Some(vocabulary)) => Engine::Rten {
            network,
            vocabulary,
        },
        (EngineName::Rten, Some(_), None) => return wrong("missing field `files.vocabulary`"),
        (EngineName::Candle, Some(network), None) => Engine::Candle { network },
        (EngineName::Rten | EngineName::Candle, None, _) => {
            return wrong("missing field `files.model`");
        }
        (EngineName::Candle, _, Some(_)) => {
            return wrong("a model that writes has its tokens in `files.model`");
        }
        (EngineName::Server, _, Some(_)) => return wrong("a server has the vocabulary itself"),
        (EngineName::Server, file, None) => Engine::Server {
            file,
            sha256: section.sha256,
        },
    };
    match (&engine, kind) {
        (Engine::Rten { .. }, Kind::Generation) => {
            return wrong("the engine of a model that writes is `candle` or `server`");
        }
        (Engine::Candle { .. }, Kind::Embeddings { .. }) => {
            return wrong("the engine of embeddings is `rten` or `server`");
        }
        _ => {}
    }
    if let Engine::Server { file, sha256 } = &engine {
        check_identity(at, file.is_some(), sha256.as_deref())?;
    }
    for (key, value) in [("model", &section.model), ("key", &section.key)] {
        if value.as_ref().is_some_and(String::is_empty) {
            return wrong(&format!("`{key}` is empty"));
        }
    }
    Ok(Model {
        kind,
        engine,
        url: url(at, section.url)?,
        model: section.model,
        key: section.key,
        max_tokens: section.max_tokens,
        price: section.price,
        licence: section.licence,
    })
}

fn url(at: &str, url: Option<String>) -> Result<Option<Address>, Fault> {
    let Some(url) = url else {
        return Ok(None);
    };
    match Address::parse(&url) {
        Some(address) => Ok(Some(address)),
        None => Err(Fault::new(
            format!("`{at}.url`: `{url}` is no address of this machine"),
            format!("use {EXPECTED}: texts and keys are sent without encryption"),
        )),
    }
}

/// A report names the model by its digest, so one of the two must say which model it is.
fn check_identity(at: &str, has_file: bool, sha256: Option<&str>) -> Result<(), Fault> {
    match (has_file, sha256) {
        (true, None) => Ok(()),
        (false, Some(sha256)) if digest::is_digest(sha256) => Ok(()),
        (false, Some(sha256)) => Err(no_digest(&format!("{at}.sha256"), sha256)),
        (false, None) => Err(Fault::new(
            format!("`[{at}]` has neither `files.model` nor `sha256`"),
            "give one: reports name the model by its digest",
        )),
        (true, Some(_)) => Err(Fault::new(
            format!("`[{at}]` has both `files.model` and `sha256`"),
            "leave out `sha256`: the file has one",
        )),
    }
}

fn check_numbers(at: &str, model: &Model) -> Result<(), Fault> {
    let most_tokens = match model.engine {
        Engine::Server { .. } => SERVERS_TOKENS,
        Engine::Rten { .. } | Engine::Candle { .. } => OWN_TOKENS,
    };
    let dimensions = model.kind.dimensions();
    let dimensions = dimensions.map(|number| ("dimensions", number as u64, 1, DIMENSIONS));
    let numbers = [
        // A text has at least the tokens that mark its begin and end.
        ("max-tokens", model.max_tokens as u64, 2, most_tokens),
        ("price.call", model.price.call, 0, PRICE_FUEL),
        ("price.token", model.price.token, 0, PRICE_FUEL),
    ];
    for (key, number, least, most) in dimensions.into_iter().chain(numbers) {
        if !(least..=most).contains(&number) {
            return Err(Fault::new(
                format!("`{at}.{key}` is {number}"),
                format!("use {least} to {most}"),
            ));
        }
    }
    Ok(())
}

fn check_file(at: &str, role: &str, file: &File) -> Result<(), Fault> {
    let mut parts = Path::new(&file.path).components();
    let is_inside = parts.all(|part| matches!(part, Component::Normal(_)));
    if file.path.is_empty() || !is_inside {
        return Err(Fault::new(
            format!(
                "`{at}.files.{role}`: `{}` leads out of the folder",
                file.path
            ),
            "use a path relative to the folder, without `..`",
        ));
    }
    match digest::is_digest(&file.sha256) {
        true => Ok(()),
        false => Err(no_digest(&format!("{at}.files.{role}"), &file.sha256)),
    }
}

fn no_digest(at: &str, text: &str) -> Fault {
    Fault::new(
        format!("`{at}`: `{text}` is no SHA-256"),
        "use the 64 digits that `sha256sum` prints",
    )
}
