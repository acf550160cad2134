//! The crates that a repository of one's own depends on can be published: cargo packages all of them together without a
//! warning, and what is in a package does not need a file that is outside of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::scratch::repository;

/// The page that says which packages are not published, and why.
const PAGE: &str = "guests/REPOSITORY.md";

/// The most bytes that a registry takes, packed.
const PACKAGE_BYTES_MAX: u64 = 10 * 1024 * 1024;

fn cargo(arguments: &[&OsStr]) -> Output {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(arguments)
        .args(["--locked", "--offline"])
        .current_dir(repository())
        .output();
    let output = output.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}\n{stderr}");
    output
}

/// Parts of the paths of files that are not compiled with a package: texts of new files, and tests, which are for the
/// repository and may read its pages.
const NOT_COMPILED: [&str; 3] = ["templates", "tests", "tests.rs"];

/// What cargo knows about the members of this workspace, by name.
fn members() -> BTreeMap<String, Value> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1"];
    let output = cargo(&arguments.map(OsStr::new));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = document["packages"].as_array().unwrap().iter();
    let named = |package: &Value| package["name"].as_str().unwrap().to_owned();
    packages
        .map(|package| (named(package), package.clone()))
        .collect()
}

/// Those that are published. Cargo says an empty list of registries of the others.
fn published() -> BTreeMap<String, Value> {
    let mut members = members();
    members.retain(|_, package| package["publish"].is_null());
    members
}

fn folder(package: &Value) -> &Path {
    Path::new(package["manifest_path"].as_str().unwrap())
        .parent()
        .unwrap()
}

#[test]
fn the_page_names_what_is_not_published() {
    let page = fs::read_to_string(repository().join(PAGE)).unwrap();
    let (_, section) = page.split_once("\n## The crates\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let named: BTreeSet<&str> = rows.map(|row| row.split_once('`').unwrap().0).collect();
    let members = members();
    let guests = repository().join("guests");
    // The guests are one row.
    let kept = members.iter().filter(|(_, package)| {
        !package["publish"].is_null() && folder(package).parent() != Some(&guests)
    });
    let kept = kept.map(|(name, _)| &**name);
    assert_eq!(kept.collect::<BTreeSet<_>>(), named);
    let libraries = members.iter().filter(|(_, package)| {
        package["publish"].is_null() && folder(package).parent() == Some(&guests)
    });
    let libraries: Vec<&str> = libraries.map(|(name, _)| &**name).collect();
    assert_eq!(libraries, ["lib-lean", "lib-micro-app"]);
}

#[test]
fn each_published_package_says_what_a_registry_shows() {
    for (name, package) in published() {
        for key in ["description", "license", "rust_version"] {
            assert!(package[key].is_string(), "{name} has no `{key}`");
        }
        for key in ["keywords", "categories"] {
            assert_ne!(package[key].as_array().unwrap().len(), 0, "{name}: {key}");
        }
        let docs = package["documentation"].as_str();
        assert_eq!(docs, Some(&*format!("https://docs.rs/{name}")));
        // Apache-2.0 wants its text in what is given away.
        let licence = fs::read_to_string(folder(&package).join("LICENSE"));
        let ours = fs::read_to_string(repository().join("LICENSE"));
        assert_eq!(licence.unwrap(), ours.unwrap(), "{name}");
        assert_eq!(
            package["readme"].is_string(),
            folder(&package).join("README.md").is_file(),
            "{name}"
        );
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["path"].is_string() {
                assert_eq!(dependency["req"], "^0.1.0", "{name}: {dependency}");
            }
        }
    }
}

/// `cargo package` checks the dependencies of the packages, which it has to find in each other or in the registry.
#[test]
fn cargo_packages_all_of_them_without_a_warning() {
    let target = tempfile::tempdir().unwrap();
    let published = published();
    let mut arguments: Vec<&OsStr> = ["package", "--no-verify", "--allow-dirty", "--target-dir"]
        .map(OsStr::new)
        .into();
    arguments.push(target.path().as_os_str());
    for name in published.keys() {
        arguments.extend(["--package", name].map(OsStr::new));
    }
    let output = cargo(&arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("warning"), "{stderr}");
    for (name, package) in &published {
        let version = package["version"].as_str().unwrap();
        let file = target
            .path()
            .join(format!("package/{name}-{version}.crate"));
        let bytes = fs::metadata(&file).unwrap().len();
        assert!(bytes <= PACKAGE_BYTES_MAX, "{name} has {bytes} bytes");
        needs_nothing_outside(name, package);
    }
}

/// What the sources of a package include stands in the package.
fn needs_nothing_outside(name: &str, package: &Value) {
    let arguments = ["package", "--list", "--allow-dirty", "--package", name];
    let output = cargo(&arguments.map(OsStr::new));
    let listed = String::from_utf8(output.stdout).unwrap();
    let listed: BTreeSet<&Path> = listed.lines().map(Path::new).collect();
    assert!(listed.contains(Path::new("LICENSE")), "{name}");
    let sources = listed.iter().filter(|path| {
        let is_compiled = !path
            .iter()
            .any(|part| NOT_COMPILED.iter().any(|other| part == *other));
        path.extension() == Some(OsStr::new("rs")) && is_compiled
    });
    for source in sources {
        let text = fs::read_to_string(folder(package).join(source)).unwrap();
        // Tests stand at the end of a file.
        let compiled = text.split("#[cfg(test)]").next().unwrap_or_default();
        for included in included(compiled) {
            let path = plain(&source.parent().unwrap().join(included));
            assert!(
                path.is_some_and(|path| listed.contains(&*path)),
                "{name}: `{}` includes `{included}`, which is not in its package\n\
                 hint: make a symbolic link to it in the folder of the package",
                source.display()
            );
        }
    }
}

/// The files that a text includes by name.
fn included(text: &str) -> impl Iterator<Item = &str> {
    let macros = ["include_str!(\"", "include_bytes!(\""];
    macros.into_iter().flat_map(move |call| {
        let parts = text.split(call).skip(1);
        parts.filter_map(|part| part.split_once('"').map(|(path, _)| path))
    })
}

/// A path without `..`, if it does not leave the folder in which it begins.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if !plain.pop() => return None,
            Component::ParentDir => {}
            part => plain.push(part),
        }
    }
    Some(plain)
}
