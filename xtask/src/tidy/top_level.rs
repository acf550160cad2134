//! Rule: the top level contains the folders of the design, and otherwise only what tools require there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::problem::Problem;
use crate::fault::list;

const ROOMS: [&str; 9] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "guests",
    "host",
    "tests",
    "wit",
    "xtask",
];

const REQUIRED_BY_TOOLS: [&str; 7] = [
    ".ci",
    ".gitattributes",
    ".github",
    ".gitignore",
    "LICENSE",
    "rust-toolchain.toml",
    "rustfmt.toml",
];

pub(super) fn check(files: &BTreeSet<PathBuf>, problems: &mut Vec<Problem>) {
    let found: BTreeSet<String> = files
        .iter()
        .filter_map(|path| path.components().next())
        .map(|first| first.as_os_str().to_string_lossy().into_owned())
        .collect();
    for name in found {
        if !ROOMS.contains(&&*name) && !REQUIRED_BY_TOOLS.contains(&&*name) {
            problems.push(Problem::new(
                format!("`{name}` stands at the top level"),
                format!("move it into one of the rooms: {}", list(ROOMS)),
            ));
        }
    }
}
