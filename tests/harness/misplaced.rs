//! Finds files in the wrong place: cases outside of a subject's folder, subjects without a case, and
//! other files among the snapshots.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A message for each misplaced file below `tests/`.
pub(crate) fn find(tests: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for (room, subject) in [("cases", "GUEST"), ("fixtures", "GROUP")] {
        for path in entries(&tests.join(room))? {
            if path.is_dir() {
                empty_folders(tests, &path, &mut problems)?;
                problems.extend(in_subject(tests, &path)?);
            } else if is_case(&path) {
                let file = path.file_name().unwrap_or_default().display();
                problems.push(format!(
                    "`{}` is in no folder, so that nothing runs it\n\
                     hint: move it to `tests/{room}/{subject}/{file}`",
                    shown(tests, &path)
                ));
            }
        }
    }
    let snapshots = tests.join("snapshots");
    for path in all_files(&snapshots)? {
        let depth = path.strip_prefix(&snapshots)?.components().count();
        let name = path.to_string_lossy();
        // If the path is right, another check decides whether it has a case.
        if depth != 2 || !(name.ends_with(".snap") || name.ends_with(".snap.new")) {
            problems.push(format!(
                "`{}` is no snapshot of a case, expected `tests/snapshots/SUBJECT/CASE.behaviour.snap`, \
                 `….fuel.snap` or `….functions.snap`\n\
                 hint: delete it, or move it to where it belongs",
                shown(tests, &path)
            ));
        }
    }
    Ok(problems)
}

/// What is wrong in the folder of a guest or group.
fn in_subject(tests: &Path, folder: &Path) -> Result<Vec<String>> {
    let files = entries(folder)?;
    let other_case = |path: &&PathBuf| {
        let extension = path.extension().unwrap_or_default();
        extension != "toml" && extension.eq_ignore_ascii_case("toml")
    };
    let mut problems: Vec<_> = files
        .iter()
        .filter(other_case)
        .map(|path| {
            format!(
                "`{}` does not end in `.toml`, so that nothing runs it\nhint: rename it",
                shown(tests, path)
            )
        })
        .collect();
    if !files.is_empty() && !files.iter().any(|file| is_case(file)) {
        let shown = shown(tests, folder);
        problems.push(format!(
            "`{shown}/` has no case\n\
             hint: add `{shown}/default.toml` with a line `about = \"…\"`, or delete the folder"
        ));
    }
    Ok(problems)
}

/// Empty folders, which exist here and in no clone of this repository.
fn empty_folders(tests: &Path, folder: &Path, problems: &mut Vec<String>) -> Result<()> {
    let found = entries(folder)?;
    if found.is_empty() {
        problems.push(format!(
            "`{}/` is empty, and git keeps no empty folder\n\
             hint: put a file into it, such as `.keep`, or delete it",
            shown(tests, folder)
        ));
    }
    for path in found {
        if path.is_dir() && !path.is_symlink() {
            empty_folders(tests, &path, problems)?;
        }
    }
    Ok(())
}

/// A path below `tests/` as one would type it at the root of the workspace.
pub(crate) fn shown(tests: &Path, path: &Path) -> String {
    format!(
        "tests/{}",
        path.strip_prefix(tests).unwrap_or(path).display()
    )
}

fn is_case(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "toml")
        && !path.is_dir()
}

/// All files below a folder, at any depth. Links are not followed.
pub(crate) fn all_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() && !path.is_symlink() {
            found.extend(all_files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// The contents of a folder, in order. A missing folder counts as empty.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("`{}`", folder.display());
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(context),
    };
    let mut found = Vec::new();
    for entry in entries {
        found.push(entry.with_context(context)?.path());
    }
    found.sort();
    Ok(found)
}
