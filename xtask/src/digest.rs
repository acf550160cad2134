//! Digests of the content of files and folders. They decide what is fresh, instead of time stamps.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Left out at the root of a package, and only there: cargo's outputs, git's store, and what tools of other languages
/// put there for editors. No build of a guest in another language sees them either.
pub(crate) const NO_SOURCES: [&str; 4] = ["target", ".git", "node_modules", "__pycache__"];

/// The digest of a missing file, which no content has.
pub(crate) const ABSENT: &str = "absent";

/// The digest of some bytes, in hexadecimal.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_slice())
}

/// The digest of a file, or [`ABSENT`].
pub(crate) fn file(path: &Path) -> Result<String> {
    match fs::read(path) {
        Ok(content) => Ok(bytes(&content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ABSENT.to_owned()),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// The digest of a folder: the names and contents of all files in it, including hidden ones.
pub(crate) fn folder(path: &Path) -> Result<String> {
    but(path, &[])
}

/// The digest of a package's folder, except for what is not its source.
pub(crate) fn package(path: &Path) -> Result<String> {
    but(path, &NO_SOURCES.map(|name| path.join(name)))
}

/// Whether the digest of the package in `folder` covers this file.
pub(crate) fn is_in_package(folder: &Path, file: &Path) -> bool {
    let inside = file.strip_prefix(folder);
    inside.is_ok_and(|inside| !NO_SOURCES.iter().any(|name| inside.starts_with(name)))
}

/// The digest of a file, or of a folder without some folders in it.
pub(crate) fn any(path: &Path, left_out: &[PathBuf]) -> Result<String> {
    if path.is_dir() {
        but(path, left_out)
    } else {
        file(path)
    }
}

fn but(path: &Path, left_out: &[PathBuf]) -> Result<String> {
    let mut hasher = Sha256::new();
    if path.is_dir() {
        add_folder(&mut hasher, path, left_out)?;
    }
    Ok(hex(hasher.finalize().as_slice()))
}

fn add_folder(hasher: &mut Sha256, folder: &Path, left_out: &[PathBuf]) -> Result<()> {
    let context = || format!("cannot list `{}`", folder.display());
    let mut entries = fs::read_dir(folder)
        .and_then(|entries| entries.collect::<io::Result<Vec<_>>>())
        .with_context(context)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        let kind = entry.file_type().with_context(context)?;
        if kind.is_dir() {
            if left_out.contains(&path) {
                continue;
            }
            add(hasher, b"folder", name.as_encoded_bytes());
            add_folder(hasher, &path, left_out)?;
            add(hasher, b"end", b"");
            continue;
        }
        add(hasher, b"file", name.as_encoded_bytes());
        if kind.is_symlink() {
            // A link counts by its target's name. The folder behind it is not entered, because it may have no
            // end. The compiler names the files that it reads there.
            let link = fs::read_link(&path)
                .with_context(|| format!("cannot read the link `{}`", path.display()))?;
            add(hasher, b"link", link.as_os_str().as_encoded_bytes());
        }
        if kind.is_file() || path.is_file() {
            add(hasher, b"content", file(&path)?.as_bytes());
        }
    }
    Ok(())
}

/// Adds a part with its length, so that two different lists of parts have different digests.
fn add(hasher: &mut Sha256, kind: &[u8], part: &[u8]) {
    hasher.update(kind);
    hasher.update((part.len() as u64).to_le_bytes());
    hasher.update(part);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
