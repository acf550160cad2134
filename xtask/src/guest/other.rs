//! A guest in another language than Rust, as its `micro-app.toml` declares it.

use anyhow::Result;
use fractalaw_manifest::Manifest;
use serde::Deserialize;
use toml::Value;

use super::declared::{self, Build};
use crate::fault::{Fault, guest as fault};
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
    /// The interfaces of `fractal:app` that it imports besides `audit-log`, without the package. The tools of most
    /// languages keep each import of a world, used or not, so the guest gets a world of its own.
    pub(crate) imports: Vec<String>,
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
}

/// What the file says.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) description: Option<String>,
    pub(super) version: Option<String>,
    pub(super) manifest: Manifest,
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
            "it has `source`, and may have `description`, `version`, `imports` and `[micro-app]`",
        )
    })?;
    if !folder.join(&described.source).is_file() {
        return Err(
            fault(format!("`{file}`: there is no file `{}`", described.source))
                .hint("name the file that the guest begins with, beside `micro-app.toml`")
                .into(),
        );
    }
    Ok(Read {
        version: described.version,
        description: described.description,
        manifest: match manifest {
            None => Manifest::default(),
            Some(value) => in_one_part(declared::read(&value, &file, MANIFEST_TABLE)?, &file)?,
        },
        other: Other {
            language,
            source: described.source,
            imports: described.imports,
        },
    })
}

/// The world of such a guest has no interface that another guest could provide.
fn in_one_part((manifest, build): (Manifest, Build), file: &str) -> Result<Manifest, Fault> {
    if build.part || !build.compose.is_empty() {
        return Err(fault(format!(
            "`{file}`: `compose` or `part` in `{MANIFEST_TABLE}`, which only guests in Rust have"
        ))
        .hint("remove it"));
    }
    Ok(manifest)
}
