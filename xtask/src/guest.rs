//! One guest as its `Cargo.toml` declares it: name, version, description, manifest, and what it is composed of.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use fractalaw_contract::standard;
use fractalaw_manifest::{Known, Manifest};
use fractalaw_report::QuotaLimits;
use serde::Deserialize;
use toml::{Table, Value};

use crate::fault::{Fault, guest as fault, list};
use crate::project::{Project, read_toml};

/// The table in `Cargo.toml` that contains a guest's manifest.
const MANIFEST_TABLE: &str = "[package.metadata.micro-app]";

/// The keys of that table that say how a guest is built. Its component does not carry them.
const BUILD_KEYS: [&str; 2] = ["compose", "part"];

/// What a guest says of itself.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) manifest: Manifest,
    pub(crate) build: Build,
}

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

impl Guest {
    /// Reads `guests/<name>/Cargo.toml`.
    pub(crate) fn read(project: &Project, name: &str) -> Result<Guest> {
        let path = project.root.join("guests").join(name).join("Cargo.toml");
        let file = project.relative(&path).display().to_string();
        let cargo = read_toml(&path)?;
        let package = cargo
            .get("package")
            .and_then(Value::as_table)
            .with_context(|| format!("`{file}` has no `[package]`"))?;
        let named = package
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if named != name {
            return Err(fault(format!(
                "`{file}`: the package is called `{named}`, expected `{name}`"
            ))
            .hint("a guest's package has the name of its folder")
            .into());
        }
        // Cargo would only say that there is no library, or make another kind of file.
        if !gives_a_module(&cargo) {
            return Err(fault(format!("`{name}` gives no WebAssembly module"))
                .hint(format!(
                    "`{file}` needs `[lib]` with `crate-type = [\"cdylib\"]`; if guests are to share it as a library, \
                     call it `guests/lib-{name}`"
                ))
                .into());
        }
        let workspace = read_toml(&project.root.join("Cargo.toml"))?;
        let (manifest, build) = declared(package, &file)?;
        Ok(Guest {
            name: name.to_owned(),
            version: text(package, &workspace, "version"),
            description: text(package, &workspace, "description"),
            manifest,
            build,
        })
    }
}

/// Whether the compiler makes a WebAssembly module of the library.
pub(crate) fn gives_a_module(cargo: &Table) -> bool {
    let library = cargo.get("lib").and_then(Value::as_table);
    let kinds = library.and_then(|library| {
        // Cargo accepts both spellings.
        let kinds = library
            .get("crate-type")
            .or_else(|| library.get("crate_type"));
        kinds?.as_array()
    });
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind.as_str() == Some("cdylib")))
}

/// Cargo's name for the library of the package `name`, and so the name of its file.
pub(crate) fn library_name(cargo: &Table, name: &str) -> String {
    let library = cargo.get("lib").and_then(|library| library.get("name"));
    library
        .and_then(Value::as_str)
        .map_or_else(|| name.replace('-', "_"), str::to_owned)
}

/// A text of the package, which may be inherited from the workspace.
fn text(package: &Table, workspace: &Table, key: &str) -> Option<String> {
    let value = package.get(key)?;
    let inherited = value.get("workspace").and_then(Value::as_bool) == Some(true);
    let value = if inherited {
        workspace.get("workspace")?.get("package")?.get(key)?
    } else {
        value
    };
    value.as_str().map(str::to_owned)
}

/// The manifest, and how the guest is built. A guest that declares nothing gets the defaults.
fn declared(package: &Table, file: &str) -> Result<(Manifest, Build), Fault> {
    let Some(value) = package
        .get("metadata")
        .and_then(|metadata| metadata.get("micro-app"))
    else {
        return Ok(Default::default());
    };
    let Some(table) = value.as_table() else {
        return Err(fault(format!(
            "`{file}`: `{MANIFEST_TABLE}` is {}, expected a table",
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
        checked.map_err(|cause| explain(file, key, value, &cause))?;
    }
    let whole =
        |error: toml::de::Error| fault(format!("`{file}`: `{MANIFEST_TABLE}`: {}", said(error)));
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

fn explain(file: &str, key: &str, value: &Value, cause: &str) -> Fault {
    let keys = [&Manifest::KEYS[..], &standard::MANIFEST_KEYS, &BUILD_KEYS].concat();
    if keys.contains(&key) {
        let cause = cause.trim_end().replace("unknown variant", "unknown value");
        fault(format!(
            "`{file}`: bad value {value} of key `{key}` in `{MANIFEST_TABLE}`: {cause}"
        ))
        .hint(format!("correct `{key}`, or remove it for the default"))
    } else {
        fault(format!(
            "`{file}`: unknown key `{key}` in `{MANIFEST_TABLE}`, expected {}",
            list(keys)
        ))
        .hint(format!("correct or remove `{key}`"))
    }
}
