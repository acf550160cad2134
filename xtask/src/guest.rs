//! One guest as its `Cargo.toml` or `micro-app.toml` declares it: name, version, description, manifest, and what it is
//! composed of.

mod declared;

mod other;

use anyhow::{Context, Result};
use fractalaw_manifest::Manifest;
use toml::{Table, Value};

use crate::fault::{Fault, guest as fault};
use crate::project::{Project, read_toml};

pub(crate) use declared::{Build, known};
pub(crate) use other::Other;

/// The table in `Cargo.toml` that contains a guest's manifest.
const MANIFEST_TABLE: &str = "[package.metadata.micro-app]";

/// What a guest says of itself.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) manifest: Manifest,
    pub(crate) build: Build,
    /// How it is built if it is not in Rust.
    pub(crate) other: Option<Other>,
}

impl Guest {
    /// Reads the file that declares the guest.
    pub(crate) fn read(project: &Project, name: &str) -> Result<Guest> {
        match project.language(name) {
            None => Guest::in_rust(project, name),
            Some(language) => {
                let read = other::read(project, name, language)?;
                Ok(Guest {
                    name: name.to_owned(),
                    version: read.version,
                    description: read.description,
                    manifest: read.manifest,
                    build: read.build,
                    other: Some(read.other),
                })
            }
        }
    }

    /// Reads the guest's `Cargo.toml`.
    fn in_rust(project: &Project, name: &str) -> Result<Guest> {
        let path = project.rust_folder(name).join("Cargo.toml");
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
        let (manifest, build) = declared_in(package, &file)?;
        Ok(Guest {
            name: name.to_owned(),
            version: text(package, &workspace, "version"),
            description: text(package, &workspace, "description"),
            manifest,
            build,
            other: None,
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
fn declared_in(package: &Table, file: &str) -> Result<(Manifest, Build), Fault> {
    let value = package
        .get("metadata")
        .and_then(|metadata| metadata.get("micro-app"));
    match value {
        None => Ok(Default::default()),
        Some(value) => declared::read(value, file, MANIFEST_TABLE),
    }
}
