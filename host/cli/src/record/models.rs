//! The list of models of a run: what a record keeps of it.

use std::collections::BTreeSet;

use anyhow::Result;
use fractalaw_catalogue::Catalogue;
use fractalaw_host::Given;
use fractalaw_host::capability::GrantedName;
use toml::{Table, Value};

use super::place::path;
use crate::usage::wrong;

/// The names under `ai` whose values name a model.
const WORK: [&str; 3] = ["embed", "classify", "generate"];

/// The list, if the run has one.
fn list(given: &Given) -> Option<&GrantedName> {
    let mut names = given.names.iter();
    names.find(|name| (name.key(), name.name()) == ("ai", "models"))
}

/// The models of the list that the run is granted.
fn granted(given: &Given) -> BTreeSet<&str> {
    let names = given.names.iter();
    let of_work = names.filter(|name| name.key() == "ai" && WORK.contains(&name.name()));
    of_work.filter_map(|name| name.value().as_str()).collect()
}

/// The variables with the keys of the models of the list that the run is granted.
pub(super) fn keys(given: &Given) -> Result<Vec<String>> {
    let Some(path) = list(given).and_then(path) else {
        return Ok(Vec::new());
    };
    let list = Catalogue::read(&path).map_err(|fault| wrong(fault.what(), fault.hint()))?;
    let granted = granted(given);
    let models = list.models.into_iter();
    let granted = models.filter(|(name, _)| granted.contains(&**name));
    Ok(granted.filter_map(|(_, model)| model.key).collect())
}

/// The list without servers and keys, and without models that the run is not granted: nobody is asked again. `None` if no
/// model is left.
pub(super) fn kept(given: &Given, text: &str) -> Result<Option<String>> {
    let mut list: Table = toml::from_str(text)?;
    let granted = granted(given);
    let Some(models) = list.get_mut("models").and_then(Value::as_table_mut) else {
        return Ok(None);
    };
    models.retain(|name, _| granted.contains(name));
    for model in models
        .iter_mut()
        .filter_map(|(_, model)| model.as_table_mut())
    {
        model.remove("url");
        model.remove("key");
    }
    match models.is_empty() {
        true => Ok(None),
        false => Ok(Some(toml::to_string(&list)?)),
    }
}
