//! The packages that a guest brings from a registry. They are installed once for each text of the files that pin them, and
//! kept beside the tools. So a guest is built again without a network, and of the same files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::workshop::{Workshop, copy};
use crate::digest;

/// How a guest's packages are installed.
pub(super) struct Installing<'a> {
    /// The files in the guest's folder that pin the packages, by name and digest.
    pub(super) pins: &'a [&'a str],
    /// The folder of the workshop that they are put into.
    pub(super) to: &'a str,
    /// What is called, for messages.
    pub(super) tool: &'a str,
    pub(super) command: Command,
}

/// Puts the packages of a guest into its workshop.
pub(super) fn install(workshop: &Workshop, guest: &str, mut installing: Installing) -> Result<()> {
    let kept = kept(workshop, &installing)?;
    let to = workshop.path(installing.to);
    if !kept.is_dir() {
        let hint = format!(
            "the messages of `{}` stand above: it fetches what {} pins, and refuses a package with another digest; a build \
             that has fetched it once needs no network",
            installing.tool,
            installing
                .pins
                .last()
                .map(|pin| format!("`{pin}`"))
                .unwrap_or_default(),
        );
        workshop.run_or(guest, installing.tool, &mut installing.command, &hint)?;
        keep(&to, &kept)?;
    }
    // What is kept is what is used, the first time too.
    if to.is_dir() {
        fs::remove_dir_all(&to).with_context(|| format!("cannot remove `{}`", to.display()))?;
    }
    copy(&kept, &to, &[])
}

/// Where the packages are kept. The folder's name has the digest of everything that decides what is installed.
fn kept(workshop: &Workshop, installing: &Installing) -> Result<PathBuf> {
    let mut decides = installing.tool.to_owned();
    for pin in installing.pins {
        let digest = digest::file(&workshop.path("app").join(pin))?;
        decides += &format!("\n{pin} {digest}");
    }
    let digest = digest::bytes(decides.as_bytes());
    Ok(workshop.kept("brought").join(&digest[..32]))
}

/// Keeps a folder. Another build may do the same at the same moment, and either result is right.
fn keep(folder: &Path, kept: &Path) -> Result<()> {
    let context = || format!("cannot write `{}`", kept.display());
    let parent = kept.parent().unwrap_or(kept);
    fs::create_dir_all(parent).with_context(context)?;
    let room = tempfile::tempdir_in(parent).with_context(context)?;
    let whole = room.path().join("whole");
    // A lock file may pin nothing.
    fs::create_dir_all(&whole).with_context(context)?;
    if folder.is_dir() {
        copy(folder, &whole, &[])?;
    }
    // The rename comes last, so that half a folder is never taken for a whole one.
    match fs::rename(&whole, kept) {
        Err(_) if kept.is_dir() => Ok(()),
        renamed => renamed.with_context(context),
    }
}
