//! Keys of servers, which must not stand in a record.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fractalaw_host::{Given, terminal};
use serde_json::Value;

use super::models;

/// What to do if a key stands in a record.
pub(super) const HINT: &str =
    "give the guest no key, and use a server that does not send its key back";

/// The keys of a run's models.
pub(super) struct Keys(Vec<Key>);

struct Key {
    /// The host's environment variable.
    variable: String,
    /// The key as it is, and as a text in JSON or TOML has it.
    spellings: Vec<Vec<u8>>,
}

impl Keys {
    /// The keys of the models that the run is granted, by the policy or by the list of models.
    pub(super) fn of(given: &Given) -> Result<Keys> {
        let names = given.names.iter().filter(|name| name.key() == "ai");
        let described = names.filter_map(|name| name.value().get("key")?.as_str());
        let mut variables: Vec<_> = described.map(str::to_owned).collect();
        variables.extend(models::keys(given)?);
        let keys = variables.into_iter().filter_map(|variable| {
            let key = std::env::var(&variable)
                .ok()
                .filter(|key| !key.is_empty())?;
            let text = Value::from(&*key).to_string();
            let escaped = text.as_bytes()[1..text.len() - 1].to_vec();
            Some(Key {
                variable,
                spellings: vec![key.into_bytes(), escaped],
            })
        });
        Ok(Keys(keys.collect()))
    }

    /// The variable whose key stands in these bytes.
    pub(super) fn within(&self, bytes: &[u8]) -> Option<&str> {
        let stands = |text: &Vec<u8>| bytes.windows(text.len()).any(|part| part == text);
        let found = self.0.iter().find(|key| key.spellings.iter().any(stands));
        found.map(|key| &*key.variable)
    }

    /// Where a key stands in a file of this folder, or in the name of one.
    pub(super) fn found(&self, folder: &Path) -> Result<Option<String>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let found = self.below(folder)?;
        Ok(found.map(|(path, variable)| {
            let path = path.strip_prefix(folder).unwrap_or(&path).display();
            stands(&format!("`{path}`"), &variable)
        }))
    }

    fn below(&self, folder: &Path) -> Result<Option<(PathBuf, String)>> {
        let context = || format!("could not look into `{}`", folder.display());
        for entry in fs::read_dir(folder).with_context(context)? {
            let entry = entry.with_context(context)?;
            let path = entry.path();
            if let Some(variable) = self.within(entry.file_name().as_encoded_bytes()) {
                return Ok(Some((folder.to_owned(), variable.to_owned())));
            }
            if path.is_dir() {
                if let Some(found) = self.below(&path)? {
                    return Ok(Some(found));
                }
            } else if let Some(variable) = self.within(&fs::read(&path).with_context(context)?) {
                return Ok(Some((path, variable.to_owned())));
            }
        }
        Ok(None)
    }
}

/// A key stands there, in words.
pub(super) fn stands(place: &str, variable: &str) -> String {
    let text = format!("{place} would have the key in the variable `{variable}`");
    terminal::one_line(&text)
}
