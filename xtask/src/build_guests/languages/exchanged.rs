//! The interfaces that guests provide for each other, and those that a repository's own host offers, with the WIT packages that
//! they stand in.
//!
//! The package of an exported interface is in the folder `wit` of the guest that exports it, and the packages that it
//! refers to are in `wit/deps`. A guest that is composed of others finds theirs there, so nothing is written twice. What the
//! host offers is in the folder `wit` of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wit_parser::{PackageName, UnresolvedPackageGroup};

use super::workshop::{WIT, Workshop};
use crate::fault::{guest as fault, list};
use crate::guest::{Guest, Other};
use crate::project::Project;

/// The packages that the world of each guest has anyhow.
const GIVEN: [(&str, Option<&str>); 2] = [("fractal", Some("app")), ("wasi", None)];

/// The full names of the interfaces that a guest exchanges with others.
#[derive(Debug, Default)]
pub(super) struct Exchanged {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

/// A WIT package: its files by name, and the names of its interfaces.
struct Package {
    name: PackageName,
    files: BTreeMap<String, String>,
    interfaces: Vec<String>,
    /// Where it was found.
    folder: PathBuf,
}

/// Finds the interfaces, and writes their packages into the workshop.
pub(super) fn write(
    project: &Project,
    guest: &Guest,
    other: &Other,
    workshop: &Workshop,
) -> Result<Exchanged> {
    let name = &guest.name;
    let mut exchanged = Exchanged::default();
    let mut written = BTreeMap::new();
    let (imports, exports) = (format!("`{name}` imports"), format!("`{name}` exports"));
    let mut full = |who: &str, interface: &str, from: &Path| {
        let found = take(project, from, workshop, &mut written)?;
        full_name(project, who, interface, from, &found)
    };
    let offered = project.root.join(WIT);
    for interface in other.imports.iter().filter(|name| is_own(name)) {
        exchanged.imports.push(full(&imports, interface, &offered)?);
    }
    for (interface, part) in &guest.build.compose {
        let interface = full(&imports, interface, &folder(project, part))?;
        exchanged.imports.push(interface);
    }
    for interface in &other.exports {
        let interface = full(&exports, interface, &folder(project, name))?;
        exchanged.exports.push(interface);
    }
    Ok(exchanged)
}

/// Whether an import is of another package than the contract. Interfaces of the contract are named without it.
pub(super) fn is_own(import: &str) -> bool {
    import.contains(':') && !import.starts_with("fractal:app/")
}

/// The folder of the packages that a guest brings.
pub(crate) fn folder(project: &Project, guest: &str) -> PathBuf {
    project.guest_folder(guest).join(WIT)
}

/// Reads the packages in a folder, and writes those that were not written yet.
fn take(
    project: &Project,
    from: &Path,
    workshop: &Workshop,
    written: &mut BTreeMap<String, Package>,
) -> Result<Vec<String>> {
    let mut interfaces = Vec::new();
    for package in packages(from)? {
        interfaces.extend(package.interfaces.iter().cloned());
        let PackageName {
            namespace, name, ..
        } = &package.name;
        let is_given = |(given, only): &(&str, Option<&str>)| {
            namespace == given && only.is_none_or(|only| name == only)
        };
        if GIVEN.iter().any(is_given) {
            continue;
        }
        let key = package.name.to_string();
        if let Some(before) = written.get(&key) {
            if before.files != package.files {
                let folders = [before, &package]
                    .map(|one| project.relative(&one.folder).display().to_string());
                return Err(fault(format!(
                    "the WIT package `{key}` has two texts, in {}",
                    list(folders)
                ))
                .hint("make them the same, or give one of them another version")
                .into());
            }
            continue;
        }
        let folder = key.replace([':', '@'], "-");
        for (file, text) in &package.files {
            workshop.write(&format!("{WIT}/deps/{folder}/{file}"), text)?;
        }
        written.insert(key, package);
    }
    Ok(interfaces)
}

/// The package in a folder, and those in its folder `deps`.
fn packages(folder: &Path) -> Result<Vec<Package>> {
    let mut folders = vec![folder.to_owned()];
    if let Ok(entries) = fs::read_dir(folder.join("deps")) {
        let mut deps: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        deps.sort();
        folders.extend(deps);
    }
    let packages = folders
        .iter()
        .filter_map(|folder| package(folder).transpose());
    packages.collect()
}

/// The package whose files are in a folder; `None` if there are none.
fn package(folder: &Path) -> Result<Option<Package>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "wit") {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read `{}`", path.display()))?;
            files.insert(entry.file_name().to_string_lossy().into_owned(), text);
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    let group = UnresolvedPackageGroup::parse_dir(folder)
        .with_context(|| format!("cannot read the WIT package in `{}`", folder.display()))?;
    let name = group.main.name;
    let interfaces = group.main.interfaces.iter();
    let interfaces = interfaces.filter_map(|(_, interface)| interface.name.as_deref());
    Ok(Some(Package {
        interfaces: interfaces
            .map(|interface| name.interface_id(interface))
            .collect(),
        name,
        files,
        folder: folder.to_owned(),
    }))
}

/// The full name of an interface that may be named without its version.
fn full_name(
    project: &Project,
    who: &str,
    interface: &str,
    from: &Path,
    found: &[String],
) -> Result<String> {
    let means = |full: &&String| *full == interface || full.split('@').next() == Some(interface);
    if let Some(full) = found.iter().find(means) {
        return Ok(full.clone());
    }
    Err(fault(format!(
        "{who} `{interface}`, and no WIT package in `{}` has it",
        project.relative(from).display()
    ))
    .hint(match found {
        [] => "put the package of the interface there".to_owned(),
        found => format!("the packages there have {}", list(found)),
    })
    .into())
}
