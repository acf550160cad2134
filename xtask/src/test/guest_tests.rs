//! The unit tests in guests, and in the libraries that guests share.
//!
//! They run on this machine, like all tests of cargo, and test the logic of a guest. The cases test what a guest
//! does as a component. A unit test that calls an imported interface, such as the audit log, aborts, because
//! there is no host.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::Value;
use xshell::Shell;

use crate::build_guests::fetch::{For, fetch};
use crate::build_guests::hermetic;
use crate::cargo::cargo;
use crate::cargo_test::{colour, run_tests};
use crate::project::{Project, is_library, read_toml};
use crate::totals::Totals;

/// Runs the tests of the packages that are asked for. Returns whether they passed.
pub(crate) fn run(
    project: &Project,
    shell: &Shell,
    asked: impl Fn(&str) -> Tests,
    rest: &[String],
    totals: &mut Totals,
) -> Result<bool> {
    let packages = packages(project)?;
    let asked = packages.iter().map(|package| (&**package, asked(package)));
    let asked: Vec<(&str, Tests)> = asked
        .filter(|(_, tests)| *tests != Tests::Nothing)
        .collect();
    if asked.is_empty() {
        return Ok(true);
    }
    fetch(
        project,
        asked.iter().map(|(package, _)| *package),
        For::Tests,
    )?;
    let mut good = true;
    for (package, tests) in asked {
        let text = match tests {
            Tests::With(text) => Some(text),
            Tests::All | Tests::Nothing => None,
        };
        // A build script gets no other variables here than in a build for WebAssembly. Each package has its own
        // command, so that a package that does not compile does not stop the others.
        let command = cargo(shell, "test")
            .env_clear()
            .envs(hermetic::environment())
            .env("CARGO_TARGET_DIR", &project.target)
            .env("CARGO_BUILD_BUILD_DIR", hermetic::build_folder(project))
            .env("CARGO_NET_OFFLINE", "true")
            .args(["--package", package, "--"])
            .args(text)
            .args(colour())
            .args(rest);
        good &= run_tests(command, totals)?;
    }
    Ok(good)
}

/// The tests of a package that are asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tests {
    Nothing,
    All,
    /// Those whose name contains this.
    With(String),
}

/// The guests, and other packages in `guests/`, that have tests. One without tests costs nothing here.
fn packages(project: &Project) -> Result<Vec<String>> {
    let mut found = Vec::new();
    look(project, &project.root.join("guests"), None, &mut found)?;
    for guest in project.rust_guests()? {
        look(project, &project.rust_folder(&guest), None, &mut found)?;
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Looks for tests in a folder of the package whose folder is `package`.
fn look(
    project: &Project,
    folder: &Path,
    package: Option<&Path>,
    found: &mut Vec<String>,
) -> Result<()> {
    let Ok(entries) = folder.read_dir() else {
        return Ok(());
    };
    let package = match folder.join("Cargo.toml").is_file() {
        true => Some(folder),
        false => package,
    };
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list `{}`", folder.display()))?;
        let path = entry.path();
        let name = entry.file_name();
        // Links are not followed, because they may have no end.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && name != "target" && !name.as_encoded_bytes().starts_with(b".") {
            look(project, &path, package, found)?;
        } else if let Some(package) = package
            && path.extension().is_some_and(|end| end == "rs")
            && has_tests(&path, is_guest(project, package))
        {
            found.extend(name_of(package));
        }
    }
    Ok(())
}

/// Whether a package is a guest. For a library, cargo also tests the examples in its documentation.
fn is_guest(project: &Project, package: &Path) -> bool {
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    match package.parent() == Some(&project.root.join("guests")) {
        true => !is_library(&name),
        false => name_of(package).is_some_and(|name| project.rust_folder(&name) == package),
    }
}

/// Whether a source file seems to have tests. If it only seems so, cargo finds none.
fn has_tests(source: &Path, is_guest: bool) -> bool {
    let text = fs::read_to_string(source).unwrap_or_default();
    text.lines().map(str::trim_start).any(|line| {
        let ends = ["cfg(test)]", "[test]", ":test]", ":test("];
        let is_test = line.starts_with("#[") && ends.iter().any(|end| line.contains(end));
        is_test || !is_guest && line.starts_with("//") && line.contains("```")
    })
}

/// An unreadable manifest is reported when the guest is built.
fn name_of(package: &Path) -> Option<String> {
    let manifest = read_toml(&package.join("Cargo.toml")).ok()?;
    let name = manifest
        .get("package")?
        .get("name")
        .and_then(Value::as_str)?;
    Some(name.to_owned())
}
