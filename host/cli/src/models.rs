//! `fractalaw models`: lists of models. Nothing is downloaded, and no server is asked.

use std::fmt::Write;
use std::process::ExitCode;

use fractalaw_catalogue::{Catalogue, Fault, Model, NewModel, Price, add, verify};
use fractalaw_host::{PolicyError, terminal};
use serde_json::json;

use crate::flags::models::{Add, List, Models, Verify};
use crate::{exit, printing};

/// Runs the command.
pub(crate) fn run(flags: &Models) -> ExitCode {
    match flags {
        Models::Add(flags) => exit::printed(added(flags)),
        Models::List(flags) => exit::printed(listed(flags)),
        Models::Verify(flags) => verified(flags).unwrap_or_else(|error| exit::fail(&error)),
    }
}

fn added(flags: &Add) -> anyhow::Result<()> {
    let price = Price {
        call: flags.call_price.unwrap_or_default(),
        token: flags.token_price.unwrap_or_default(),
    };
    let new = NewModel {
        name: flags.name.clone(),
        kind: flags.kind,
        engine: flags.engine,
        url: flags.url.clone(),
        model: flags.model.clone(),
        key: flags.key.clone(),
        dimensions: flags.dimensions,
        max_tokens: flags.max_tokens,
        price: (price != Price::default()).then_some(price),
        licence: flags.licence.clone(),
        sha256: flags.sha256.clone(),
        files: flags.files.clone(),
    };
    let list = add(&flags.list, &new).map_err(usage)?;
    let model = list.model(&flags.name).map_err(usage)?;
    printing::print(&format!("{}: {}\n", flags.name, model.digest()))
}

fn listed(flags: &List) -> anyhow::Result<()> {
    let list = Catalogue::read(&flags.list).map_err(usage)?;
    let mut text = String::new();
    for (name, model) in &list.models {
        if flags.json {
            text += &terminal::json(object(name, model).to_string());
        } else {
            text += &terminal::one_line(&about(name, model));
            text += "\n  ";
            text += &model.digest();
        }
        text.push('\n');
    }
    printing::print(&text)
}

fn about(name: &str, model: &Model) -> String {
    let mut text = format!("{name}: {} by {}", model.kind.name(), model.engine.name());
    if let Some(dimensions) = model.kind.dimensions() {
        let _ = write!(text, ", {dimensions} dimensions");
    }
    let _ = write!(text, ", {} tokens, {}", model.max_tokens, model.licence);
    match &model.url {
        Some(url) => {
            let _ = write!(text, ", at {url}");
        }
        None => text += ", only replayed",
    }
    text
}

fn object(name: &str, model: &Model) -> serde_json::Value {
    json!({
        "name": name,
        "kind": model.kind.name().to_string(),
        "engine": model.engine.name().to_string(),
        "dimensions": model.kind.dimensions(),
        "max-tokens": model.max_tokens,
        "price": { "call": model.price.call, "token": model.price.token },
        "licence": model.licence,
        "url": model.url.as_ref().map(ToString::to_string),
        "model": model.model,
        "key": model.key,
        "digest": model.digest(),
    })
}

fn verified(flags: &Verify) -> anyhow::Result<ExitCode> {
    let list = Catalogue::read(&flags.list).map_err(usage)?;
    let names = match flags.names.is_empty() {
        true => list.models.keys().cloned().collect(),
        false => flags.names.clone(),
    };
    let mut code = ExitCode::SUCCESS;
    for name in names {
        let model = list.model(&name).map_err(usage)?;
        match verify(list.folder(), model) {
            Ok(()) => {
                let what = match model.files().is_empty() {
                    true => "no files are at hand",
                    false => "verified",
                };
                printing::print(&format!("{name}: {what}, {}\n", model.digest()))?;
            }
            Err(fault) => {
                let what = format!("{name}: {}", fault.what());
                printing::error(
                    terminal::one_line(&what),
                    Some(&terminal::one_line(fault.hint())),
                );
                code = ExitCode::from(exit::DIFFERS);
            }
        }
    }
    Ok(code)
}

/// A list that is wrong, or names what is not there.
fn usage(fault: Fault) -> PolicyError {
    PolicyError::usage(fault.what(), fault.hint())
}
