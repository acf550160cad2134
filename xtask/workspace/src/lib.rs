//! Which packages of a workspace are micro-apps. The commands and the harness must agree on it, so both ask here.
//!
//! A guest is a folder in `guests/` with a `Cargo.toml`, or another member of the workspace that has a table
//! `[package.metadata.micro-app]`. In `guests/`, a folder whose name begins with `lib-` is a library that guests share.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod members;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// The folder of guests.
pub const FOLDER: &str = "guests";

/// The beginning of the names of libraries that guests share.
const LIBRARY: &str = "lib-";

/// Whether a folder in `guests/` is a library, judged by its name.
pub fn is_library(name: &str) -> bool {
    name.starts_with(LIBRARY)
}

/// The guests in Rust, by name, with the folder of each.
///
/// # Errors
///
/// If the folder `guests/` cannot be listed.
pub fn guests(root: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut found = elsewhere(root);
    let inside = in_guests(root)?.into_iter();
    found.extend(inside.filter(|(name, _)| !is_library(name)));
    Ok(found)
}

/// The packages in `guests/`, libraries too. The name of each is that of its folder.
///
/// # Errors
///
/// If the folder cannot be listed.
pub fn in_guests(root: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let folder = root.join(FOLDER);
    let mut found = BTreeMap::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            found.insert(name, entry.path());
        }
    }
    Ok(found)
}

/// The guests in other places of the workspace. The name of each is that of its package. What cannot be read is left to
/// cargo, which says why.
pub fn elsewhere(root: &Path) -> BTreeMap<String, PathBuf> {
    let Some(workspace) = table(&root.join("Cargo.toml")) else {
        return BTreeMap::new();
    };
    let own = root.join(FOLDER);
    let members = members::folders(root, &workspace).into_iter();
    let members = members.filter(|folder| folder.parent() != Some(&own));
    members
        .filter_map(|folder| Some((guest(&folder.join("Cargo.toml"))?, folder)))
        .collect()
}

/// The folder of the member with this package.
pub fn member(root: &Path, package: &str) -> Option<PathBuf> {
    let workspace = table(&root.join("Cargo.toml"))?;
    let mut members = members::folders(root, &workspace).into_iter();
    members.find(|folder| {
        let manifest = table(&folder.join("Cargo.toml"));
        manifest.is_some_and(|manifest| name(&manifest).as_deref() == Some(package))
    })
}

/// The name of the package if its manifest declares a guest.
fn guest(manifest: &Path) -> Option<String> {
    let text = fs::read_to_string(manifest).ok()?;
    // Most members are no guests, and are not parsed.
    if !text.contains("micro-app") {
        return None;
    }
    let table: Table = text.parse().ok()?;
    table.get("package")?.get("metadata")?.get("micro-app")?;
    name(&table)
}

fn name(manifest: &Table) -> Option<String> {
    let name = manifest.get("package")?.get("name").and_then(Value::as_str);
    name.map(str::to_owned)
}

fn table(path: &Path) -> Option<Table> {
    fs::read_to_string(path).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{elsewhere, guests, in_guests, member};

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn guests_are_in_their_folder_or_declare_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let package = |name: &str| format!("[package]\nname = \"{name}\"\n");
        let declared = |name: &str| {
            format!(
                "{}[package.metadata.micro-app]\npart = true\n",
                package(name)
            )
        };
        write(
            root,
            "Cargo.toml",
            "[workspace]\nmembers = [\"guests/*\", \"host\", \"teams/*/apps/check-*\", \"one\", \"nowhere\"]\n\
             exclude = [\"teams/b\"]\n",
        );
        // In `guests/` the folder counts, and what the manifest says is judged later.
        write(root, "guests/plain/Cargo.toml", "no manifest");
        write(root, "guests/lib-rules/Cargo.toml", &package("lib-rules"));
        write(root, "guests/notes/README.md", "");
        write(root, "guests/declared/Cargo.toml", &declared("declared"));
        write(root, "host/Cargo.toml", &package("host"));
        write(root, "one/Cargo.toml", &declared("check-one"));
        for team in ["a", "b"] {
            for app in ["check-x", "other"] {
                let name = format!("{app}-{team}");
                write(
                    root,
                    &format!("teams/{team}/apps/{app}/Cargo.toml"),
                    &declared(&name),
                );
            }
        }
        let names =
            |found: std::collections::BTreeMap<String, _>| Vec::from_iter(found.into_keys());
        assert_eq!(names(elsewhere(root)), ["check-one", "check-x-a"]);
        assert_eq!(
            names(in_guests(root).unwrap()),
            ["declared", "lib-rules", "plain"]
        );
        let all = guests(root).unwrap();
        assert_eq!(all["check-x-a"], root.join("teams/a/apps/check-x"));
        assert_eq!(names(all), ["check-one", "check-x-a", "declared", "plain"]);
        assert_eq!(member(root, "host"), Some(root.join("host")));
        assert_eq!(member(root, "check-x-b"), None);
        assert_eq!(names(guests(&root.join("host")).unwrap()), [""; 0]);
    }
}
