//! The guests of another git revision, built beside those of the working tree.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::build_guests;
use crate::cases::asked::NEIGHBOUR;
use crate::fault::{FAILED, Fault, USAGE, list};
use crate::project::Project;

/// Writes the revision's files to `target/against/`, builds guests from it, and returns the folder of their
/// components. Builds all guests if `names` is empty. The next revision uses the same folder, so guests that are
/// the same in both are not built again.
pub(crate) fn guests(project: &Project, revision: &str, names: &[String]) -> Result<PathBuf> {
    let commit = commit(project, revision)?;
    let room = project.target.join("against");
    let source = room.join("source");
    fs::create_dir_all(&source).with_context(|| format!("cannot make `{}`", source.display()))?;
    let index = room.join("index");
    let git = |arguments: &[&OsStr]| {
        let status = Command::new("git")
            .current_dir(&project.root)
            .env("GIT_INDEX_FILE", &index)
            .arg("--work-tree")
            .arg(&source)
            .args(arguments)
            .status()
            .context("cannot start `git`")?;
        if status.success() {
            return Ok(());
        }
        Err(anyhow::Error::from(Fault::new(
            FAILED,
            format!(
                "`git` cannot write the files of `{revision}` to `{}`",
                source.display()
            ),
        )))
    };
    // A git index of its own, so that the index of the working tree stays as it is. Files that the revision does
    // not have are deleted. Files that it already has are not touched.
    if !index.exists() {
        git(&["read-tree".as_ref(), "--empty".as_ref()])?;
    }
    git(&[
        "read-tree".as_ref(),
        "-u".as_ref(),
        "--reset".as_ref(),
        commit.as_ref(),
    ])?;
    let there = Project::at(source, room.join("target"))?;
    match names {
        [] => eprintln!("building the guests of `{revision}`"),
        names => eprintln!("building {} of `{revision}`", list(names)),
    }
    build_guests::ensure(&there, names)?;
    let guests = there.outputs();
    keep_neighbour(project, &guests)?;
    Ok(guests)
}

/// The harness needs a guest that runs beside every case. A revision that lacks it gets today's.
fn keep_neighbour(project: &Project, guests: &Path) -> Result<()> {
    let there = guests.join(format!("{NEIGHBOUR}.wasm"));
    let here = project.component(NEIGHBOUR);
    if !there.exists() && here.exists() {
        fs::copy(&here, &there).with_context(|| format!("cannot write `{}`", there.display()))?;
    }
    Ok(())
}

fn commit(project: &Project, revision: &str) -> Result<String> {
    let output = Command::new("git")
        .current_dir(&project.root)
        .args(["rev-parse", "--verify", "--quiet", "--end-of-options"])
        .arg(format!("{revision}^{{commit}}"))
        .output()
        .context("cannot start `git`")?;
    if !output.status.success() {
        return Err(Fault::new(
            USAGE,
            format!("`{revision}` is no revision of this repository"),
        )
        .hint("name a commit, a branch or a tag, such as `HEAD`")
        .into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether an argument names a component and not a revision.
pub(crate) fn is_component(argument: &str) -> bool {
    Path::new(argument)
        .extension()
        .is_some_and(|extension| extension == "wasm")
}
