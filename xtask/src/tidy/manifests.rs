//! Rule: a file named `Cargo.toml` is the manifest of a package or of the workspace.
//!
//! If somebody uses the repository as a git dependency, cargo reads every file with this name, and warns of each
//! that it cannot use.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::problem::Problem;
use crate::project::read_toml;

pub(super) fn check(root: &Path, files: &BTreeSet<PathBuf>, problems: &mut Vec<Problem>) {
    for file in files.iter().filter(|file| file.ends_with("Cargo.toml")) {
        match read_toml(&root.join(file)) {
            Err(error) => problems.push(Problem::new(format!("{error:#}"), "correct the file")),
            Ok(manifest) if is_manifest(&manifest) => {}
            Ok(_) => problems.push(Problem::new(
                format!("`{}` is the manifest of no package", file.display()),
                "give it another name: cargo reads every `Cargo.toml` of a git dependency",
            )),
        }
    }
}

fn is_manifest(manifest: &Table) -> bool {
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(Value::as_str);
    // The characters that cargo allows.
    let usable = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    manifest.contains_key("workspace") || name.is_some_and(|name| name.chars().all(usable))
}
