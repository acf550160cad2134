//! The manifest of a guest and how it is built, as a table of a file declares it.

use std::collections::{BTreeMap, BTreeSet};

use fractalaw_contract::standard;
use fractalaw_manifest::{Known, Manifest};
use fractalaw_report::QuotaLimits;
use serde::Deserialize;
use toml::{Table, Value};

use crate::fault::{Fault, guest as fault, list};

/// The keys that say how a guest is built. Its component does not carry them.
const BUILD_KEYS: [&str; 2] = ["compose", "part"];

/// How a guest is built.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Build {
    /// The imported interfaces that other guests provide, with the names of these guests.
    #[serde(default)]
    pub(crate) compose: BTreeMap<String, String>,
    /// Whether it is a part for other guests and exports no `run`.
    #[serde(default)]
    pub(crate) part: bool,
}

impl Build {
    /// The guests that it is composed of, besides itself.
    pub(crate) fn parts(&self) -> BTreeSet<&str> {
        self.compose.values().map(String::as_str).collect()
    }
}

/// Reads the table that is called `title` in `file`.
pub(super) fn read(value: &Value, file: &str, title: &str) -> Result<(Manifest, Build), Fault> {
    let Some(table) = value.as_table() else {
        return Err(fault(format!(
            "`{file}`: `{title}` is {}, expected a table",
            value.type_str()
        ))
        .hint("write it as a section of its own, with one key a line"));
    };
    // One key at a time, because the error of a bad value does not name its key.
    for (key, value) in table {
        let alone = Value::Table(Table::from_iter([(key.clone(), value.clone())]));
        let checked = match BUILD_KEYS.contains(&&**key) {
            true => Build::deserialize(alone).map(drop).map_err(said),
            false => (Manifest::deserialize(alone).map_err(said)).and_then(|manifest| {
                let checked = manifest.check(&known());
                checked.map_err(|error| error.to_string())
            }),
        };
        checked.map_err(|cause| explain((file, title), key, value, &cause))?;
    }
    let whole = |error: toml::de::Error| fault(format!("`{file}`: `{title}`: {}", said(error)));
    let (build, manifest) =
        (table.clone().into_iter()).partition::<Table, _>(|(key, _)| BUILD_KEYS.contains(&&**key));
    Ok((
        Manifest::deserialize(Value::Table(manifest)).map_err(whole)?,
        Build::deserialize(Value::Table(build)).map_err(whole)?,
    ))
}

fn said(error: toml::de::Error) -> String {
    error.message().to_owned()
}

/// What a host with this project's capabilities knows in a manifest.
pub(crate) fn known() -> Known<'static> {
    let quotas = QuotaLimits::standard().iter();
    let quotas = quotas.map(|quota| &*quota.quota.name);
    Known {
        keys: standard::MANIFEST_KEYS.to_vec(),
        quotas: quotas.chain(standard::MANIFEST_QUOTAS).collect(),
    }
}

fn explain((file, title): (&str, &str), key: &str, value: &Value, cause: &str) -> Fault {
    let keys = [&Manifest::KEYS[..], &standard::MANIFEST_KEYS, &BUILD_KEYS].concat();
    if keys.contains(&key) {
        let cause = cause.trim_end().replace("unknown variant", "unknown value");
        fault(format!(
            "`{file}`: bad value {value} of key `{key}` in `{title}`: {cause}"
        ))
        .hint(format!("correct `{key}`, or remove it for the default"))
    } else {
        fault(format!(
            "`{file}`: unknown key `{key}` in `{title}`, expected {}",
            list(keys)
        ))
        .hint(format!("correct or remove `{key}`"))
    }
}
