//! One guest as its `Cargo.toml` declares it: name, version, description and manifest.

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

/// What a guest says of itself.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) manifest: Manifest,
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
        Ok(Guest {
            name: name.to_owned(),
            version: text(package, &workspace, "version"),
            description: text(package, &workspace, "description"),
            manifest: manifest(package, &file)?,
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

/// The manifest. A guest without one gets the defaults.
fn manifest(package: &Table, file: &str) -> Result<Manifest, Fault> {
    let Some(value) = package
        .get("metadata")
        .and_then(|metadata| metadata.get("micro-app"))
    else {
        return Ok(Manifest::default());
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
        let alone = Table::from_iter([(key.clone(), value.clone())]);
        let read = Manifest::deserialize(Value::Table(alone));
        let read: Result<Manifest, String> = read.map_err(|error| error.message().to_owned());
        let checked = read.and_then(|manifest| {
            let checked = manifest.check(&known());
            checked.map_err(|error| error.to_string())
        });
        checked.map_err(|cause| explain(file, key, value, &cause))?;
    }
    Manifest::deserialize(value.clone())
        .map_err(|error| fault(format!("`{file}`: `{MANIFEST_TABLE}`: {}", error.message())))
}

/// What a host with this project's capabilities knows in a manifest.
fn known() -> Known<'static> {
    let quotas = QuotaLimits::standard().iter();
    let quotas = quotas.map(|quota| &*quota.quota.name);
    Known {
        keys: standard::MANIFEST_KEYS.to_vec(),
        quotas: quotas.chain(standard::MANIFEST_QUOTAS).collect(),
    }
}

fn explain(file: &str, key: &str, value: &Value, cause: &str) -> Fault {
    let keys = [&Manifest::KEYS[..], &standard::MANIFEST_KEYS].concat();
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
