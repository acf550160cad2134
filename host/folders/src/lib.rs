//! Folders and names of files that are there after a power loss.
//!
//! What a program writes to the disk and syncs is only found again if its name was written too, and the name stands in the
//! folder. So the folder is synced after a file was made or renamed in it, and after a folder was made in it.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Makes a folder, with those that it is in. What exists stays as it is.
///
/// # Errors
///
/// What the system says.
pub fn make_folder(path: &Path) -> io::Result<()> {
    make(path, 0o777)
}

/// The same. Only its user reads and writes in what is made.
///
/// # Errors
///
/// What the system says.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    make(path, 0o700)
}

fn make(path: &Path, mode: u32) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    make(folder_of(path), mode)?;
    match DirBuilder::new().mode(mode).create(path) {
        // Another process made it, and may not have synced it yet.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
        made => made?,
    }
    sync_name(path)
}

/// Makes the name of a file or a folder as durable as what it names.
///
/// # Errors
///
/// What the system says.
pub fn sync_name(path: &Path) -> io::Result<()> {
    // `.` is only in a folder. A file in its place would be synced, and nothing said.
    File::open(folder_of(path).join("."))?.sync_all()
}

/// The folder that a path is in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn folders_are_made_with_those_that_they_are_in() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        make_folder(&at("a/b/c")).unwrap();
        make_folder(&at("a/b/c")).unwrap();
        make_private_folder(&at("a/mine/deep")).unwrap();
        let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("a/mine"), 0o700);
        assert_eq!(mode("a/mine/deep"), 0o700);
        assert_eq!(mode("a/b"), mode("a/b/c"));
        assert_ne!(mode("a"), 0o700);
        // What exists is not changed, and a link to a folder is one.
        make_private_folder(&at("a/b")).unwrap();
        assert_ne!(mode("a/b"), 0o700);
        symlink(at("a"), at("link")).unwrap();
        make_folder(&at("link/new")).unwrap();
        assert!(at("a/new").is_dir());
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let error = make_folder(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        let error = make_folder(&file.join("in")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        sync_name(&file).unwrap();
        assert!(sync_name(&file.join("in")).is_err());
    }

    #[test]
    fn a_name_alone_is_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("file")), Path::new("."));
        assert_eq!(folder_of(Path::new("in/file")), Path::new("in"));
        make_folder(Path::new("")).unwrap();
        sync_name(Path::new("file")).unwrap();
    }
}
