//! Rules about the text of single files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::problem::Problem;

/// A longer file does more than one thing.
const MAX_LINES: usize = 400;

/// Files that people write. Inputs of cases and snapshots stay as they are.
const WRITTEN: [&str; 8] = ["json", "md", "rs", "sh", "toml", "wit", "yaml", "yml"];

/// What must not be in Rust source, and why. It is written in pieces, so that this file does not break its own
/// rule.
const FORBIDDEN: [(&str, &str); 4] = [
    (
        concat!("[al", "low("),
        "use `#[expect(..., reason = \"...\")]`, which says when it is no longer needed",
    ),
    (concat!("db", "g!("), "remove it, or use `tracing`"),
    (concat!("to", "do!("), "write it, or open an issue"),
    (concat!("unimple", "mented!("), "write it, or open an issue"),
];

/// Folders that exist on one machine only.
const MACHINE_PATHS: [&str; 3] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
];

pub(super) fn check(root: &Path, files: &BTreeSet<PathBuf>, problems: &mut Vec<Problem>) {
    for path in files {
        // A file that is not text has no lines to check.
        let Ok(text) = fs::read_to_string(root.join(path)) else {
            continue;
        };
        let name = path.display();
        let mut report =
            |what: String, hint: &str| problems.push(Problem::new(format!("`{name}`{what}"), hint));
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        machine_paths(&text, &mut report);
        if WRITTEN.contains(&extension) || path.ends_with(".ci/run") {
            ends_of_lines(&text, &mut report);
        }
        if extension == "rs" {
            rust(path, &text, &mut report);
        }
    }
}

fn machine_paths(text: &str, report: &mut impl FnMut(String, &str)) {
    for (index, line) in text.lines().enumerate() {
        for found in MACHINE_PATHS {
            if line.contains(found) {
                report(
                    format!(":{}: `{found}` is a folder of one machine", index + 1),
                    "use a path relative to the repository",
                );
            }
        }
    }
}

fn ends_of_lines(text: &str, report: &mut impl FnMut(String, &str)) {
    for (index, line) in text.split('\n').enumerate() {
        if line.ends_with([' ', '\t', '\r']) {
            report(
                format!(":{}: white space at the end of the line", index + 1),
                "remove it",
            );
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        report(" does not end with a newline".to_owned(), "add one");
    }
    if text.ends_with("\n\n") {
        report(" ends with an empty line".to_owned(), "remove it");
    }
}

fn rust(path: &Path, text: &str, report: &mut impl FnMut(String, &str)) {
    if !text.starts_with("//!") {
        report(
            " does not begin with `//!`".to_owned(),
            "open the file with its duty in a sentence or two, and what it leaves to others",
        );
    }
    if path.ends_with("mod.rs") {
        report(
            " is a `mod.rs`".to_owned(),
            "name it after the module, beside the module's folder",
        );
    }
    let lines = text.lines().count();
    if lines > MAX_LINES {
        report(
            format!(" has {lines} lines, expected at most {MAX_LINES}"),
            "split it by duty",
        );
    }
    for (index, line) in text.lines().enumerate() {
        for (found, hint) in FORBIDDEN {
            if line.contains(found) {
                report(format!(":{}: `{found}` is not used here", index + 1), hint);
            }
        }
    }
}
