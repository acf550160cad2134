//! A guest in another language than Rust, as its `micro-app.toml` declares it.

use anyhow::Result;
use fractalaw_manifest::Manifest;
use serde::Deserialize;
use toml::Value;

use super::declared::{self, Build};
use crate::fault::guest as fault;
use crate::language::{self, Language};
use crate::project::{Project, read_toml};

/// The table that contains the manifest, with the same keys as in a `Cargo.toml`.
const MANIFEST_TABLE: &str = "[micro-app]";

/// How a guest in another language is built.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) language: Language,
    /// The source file that the build begins with, relative to the guest's folder.
    pub(crate) source: String,
    /// The interfaces of `fractal:app` that it imports besides `audit-log`, without the package, and those of the repository's own
    /// packages, with it. The tools of most languages keep each import of a world, used or not, so the guest gets a world of
    /// its own.
    pub(crate) imports: Vec<String>,
    /// The interfaces that it exports to guests that are composed of it, from the packages in its folder `wit`.
    pub(crate) exports: Vec<String>,
}

impl Other {
    /// The language's name in the component, and its version where the tools fix it.
    pub(crate) fn spoken(&self) -> (&'static str, &'static str) {
        match self.language {
            Language::C => ("C", "17"),
            Language::JavaScript if self.source.ends_with(".ts") => ("TypeScript", ""),
            Language::JavaScript => ("JavaScript", "ES2023"),
            Language::Python => ("Python", "3.14"),
        }
    }
}

/// The file, except for the manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Declared {
    description: Option<String>,
    version: Option<String>,
    source: String,
    #[serde(default)]
    imports: Vec<String>,
    #[serde(default)]
    exports: Vec<String>,
}

/// What the file says.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) description: Option<String>,
    pub(super) version: Option<String>,
    pub(super) manifest: Manifest,
    pub(super) build: Build,
    pub(super) other: Other,
}

/// Reads `guests/<language>/<name>/micro-app.toml`.
pub(super) fn read(project: &Project, name: &str, language: Language) -> Result<Read> {
    let folder = project.guest_folder(name);
    let path = folder.join(language::MANIFEST);
    let file = project.relative(&path).display().to_string();
    let mut table = read_toml(&path)?;
    let manifest = table.remove("micro-app");
    let described: Declared = Value::Table(table).try_into().map_err(|error| {
        let error: toml::de::Error = error;
        fault(format!("`{file}`: {}", error.message())).hint(
            "it has `source`, and may have `description`, `version`, `imports`, `exports` and `[micro-app]`",
        )
    })?;
    if !folder.join(&described.source).is_file() {
        return Err(
            fault(format!("`{file}`: there is no file `{}`", described.source))
                .hint("name the file that the guest begins with, beside `micro-app.toml`")
                .into(),
        );
    }
    let (manifest, build) = match manifest {
        None => Default::default(),
        Some(value) => declared::read(&value, &file, MANIFEST_TABLE)?,
    };
    if build.part && described.exports.is_empty() {
        return Err(fault(format!("`{file}`: a part without `exports`"))
            .hint("name the interfaces that it exports, from the WIT package in its folder `wit`: `exports = [\"acme:rules/check\"]`")
            .into());
    }
    Ok(Read {
        version: described.version,
        description: described.description,
        manifest,
        build,
        other: Other {
            language,
            source: described.source,
            imports: described.imports,
            exports: described.exports,
        },
    })
}
