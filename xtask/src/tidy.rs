//! `cargo xtask tidy`: the rules of this repository that no other tool checks.
//!
//! Each rule says what is wrong, where, and what to do about it. All rules run over all files before the command
//! fails. git says which files there are, so build outputs do not count.

// From the ground up, as in `main.rs`.
mod problem;

mod dependencies;
mod features;
mod guests;
mod layers;
mod manifests;
mod text;
mod top_level;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::fault::{FAILED, Fault};
use crate::project::Project;
use problem::Problem;

/// Runs the command.
pub(crate) fn run(project: &Project) -> Result<()> {
    let files = files(&project.root);
    let mut problems = Vec::new();
    text::check(&project.root, &files, &mut problems);
    top_level::check(&files, &mut problems);
    manifests::check(&project.root, &files, &mut problems);
    guests::check(project, &mut problems)?;
    dependencies::check(&project.root, &mut problems)?;
    layers::check(&project.root, &files, &mut problems);
    features::check(project, &mut problems)?;
    if problems.is_empty() {
        eprintln!("{} files are tidy", files.len());
        return Ok(());
    }
    for Problem { what, hint } in &problems {
        eprintln!("error: {what}\nhint: {hint}");
    }
    let count = problems.len();
    let plural = if count == 1 { "" } else { "s" };
    Err(Fault::new(
        FAILED,
        format!("{count} problem{plural} in {} files", files.len()),
    )
    .into())
}

/// The files of the repository, relative to its root: those that git tracks, and those that it would track if
/// they were added. Without git, all files that are not hidden by convention.
fn files(root: &Path) -> BTreeSet<PathBuf> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output();
    match listed {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .split_terminator('\0')
            .map(PathBuf::from)
            // A file that was removed and not yet committed is still listed.
            .filter(|path| root.join(path).is_file())
            .collect(),
        _ => {
            let mut found = BTreeSet::new();
            walk(root, root, &mut found);
            found
        }
    }
}

fn walk(root: &Path, folder: &Path, found: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = folder.read_dir() else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            if !path.ends_with("target") && !path.ends_with(".git") {
                walk(root, &path, found);
            }
        } else if let Ok(relative) = path.strip_prefix(root) {
            found.insert(relative.to_owned());
        }
    }
}
