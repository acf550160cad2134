//! Adds a model to a list. The digests of its files are computed here.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::Path;

use crate::catalogue::{Catalogue, content, parse, place};
use crate::fault::Fault;
use crate::files::sha256;
use crate::limits::{CATALOGUE_BYTES, SERVERS_FILE_BYTES};
use crate::model::{EngineName, KindName, Price};
use crate::whole_file;

/// A model to add.
#[derive(Clone, Debug)]
pub struct NewModel {
    /// Its name in policies.
    pub name: String,
    /// What it gives.
    pub kind: KindName,
    /// What runs it.
    pub engine: EngineName,
    /// Where it is served.
    pub url: Option<String>,
    /// The name by which its server knows it, if that is another one.
    pub model: Option<String>,
    /// The environment variable with the key that its server asks for.
    pub key: Option<String>,
    /// The numbers of a vector.
    pub dimensions: Option<u64>,
    /// The tokens that it reads at most.
    pub max_tokens: u64,
    /// What a host charges, if that is more than its own price.
    pub price: Option<Price>,
    /// An SPDX expression.
    pub licence: String,
    /// What identifies it, if it has no files.
    pub sha256: Option<String>,
    /// Roles and paths, relative to the folder of the list.
    pub files: Vec<(String, String)>,
}

/// Adds a model to the list, which is made if there is none. What stands there stays as it is. Returns the list.
///
/// # Errors
///
/// If there is a model with this name, if a file cannot be read, or if the section says what it may not. Then the list is
/// as it was.
pub fn add(path: &Path, new: &NewModel) -> Result<Catalogue, Fault> {
    let path = place(path);
    let shown = path.display();
    let failed = |what: &str, error: &std::io::Error| {
        Fault::new(
            format!("cannot {what} `{shown}`: {error}"),
            "name a `models.toml` in a folder in which you may write",
        )
    };
    // Two programs that add at the same time do so one after the other.
    let held = whole_file::hold(&path).map_err(|error| failed("write", &error))?;
    let before = match content(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed("read", &error)),
    };
    if !before.is_empty()
        && parse(&before)
            .map_err(|fault| fault.at(&shown))?
            .contains_key(&new.name)
    {
        return Err(Fault::new(
            format!("`{shown}` has a model `{}`", new.name),
            "choose another name, or remove its section first",
        ));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let text = joined(&before, &section(folder, new)?);
    let models = parse(&text).map_err(|fault| fault.at(&shown))?;
    if text.len() as u64 > CATALOGUE_BYTES {
        return Err(Fault::new(
            format!("`{shown}` would be larger than {CATALOGUE_BYTES} bytes"),
            "begin another list",
        ));
    }
    held.replace(&text)
        .map_err(|error| failed("write", &error))?;
    Ok(Catalogue { path, models })
}

fn joined(before: &str, section: &str) -> String {
    match before.trim_end() {
        "" => section.to_owned(),
        before => format!("{before}\n\n{section}"),
    }
}

/// The section as it is written.
fn section(folder: &Path, new: &NewModel) -> Result<String, Fault> {
    let name = key(&new.name);
    let mut text = format!("[models.{name}]\n");
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "{key} = {value}");
        }
    };
    line("kind", Some(string(&new.kind.to_string())));
    line("engine", Some(string(&new.engine.to_string())));
    line("url", new.url.as_deref().map(string));
    line("model", new.model.as_deref().map(string));
    line("key", new.key.as_deref().map(string));
    line(
        "dimensions",
        new.dimensions.map(|number| number.to_string()),
    );
    line("max-tokens", Some(new.max_tokens.to_string()));
    let price = |Price { call, token }| format!("{{ call = {call}, token = {token} }}");
    line("price", new.price.map(price));
    line("licence", Some(string(&new.licence)));
    line("sha256", new.sha256.as_deref().map(string));
    if !new.files.is_empty() {
        let _ = writeln!(text, "\n[models.{name}.files]");
    }
    for (role, path) in &new.files {
        let place = folder.join(path);
        let digest = sha256(&place, SERVERS_FILE_BYTES).map_err(|error| {
            Fault::new(
                format!("cannot read `{}`: {error}", place.display()),
                "name a file in the folder of the list, by its path from there",
            )
        })?;
        let (role, path) = (key(role), string(path));
        let _ = writeln!(text, "{role} = {{ path = {path}, sha256 = \"{digest}\" }}");
    }
    Ok(text)
}

/// A string in TOML on one line. What it has in it cannot end it.
fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A key in TOML.
fn key(text: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    match !text.is_empty() && text.chars().all(is_bare) {
        true => text.to_owned(),
        false => string(text),
    }
}
