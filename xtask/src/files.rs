//! Writes files whole or not at all, and locks the folder of built guests.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// The beginning of the names of unfinished files.
const UNFINISHED: &str = ".tmp-";

/// Writes a file under another name in the same folder and renames it, so that nobody ever sees half of it.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    let context = || format!("cannot write `{}`", path.display());
    let folder = path.parent().with_context(context)?;
    fs::create_dir_all(folder).with_context(context)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        // The usual permissions, without those in the umask. A temporary file would be private to its owner.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).with_context(context)?;
    file.write_all(content).with_context(context)?;
    file.persist(path).with_context(context)?;
    Ok(())
}

/// Takes the lock of a folder. Prints a line if another process has it.
///
/// The lock lives as long as the returned file. Only one process has it, so it can delete what a killed process
/// left unfinished.
pub(crate) fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(".lock");
    let context = || format!("cannot lock `{}`", path.display());
    fs::create_dir_all(folder).with_context(context)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(context)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("waiting for another build of the guests");
            file.lock().with_context(context)?;
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(context),
    }
    for folder in [folder.to_owned(), folder.join("core"), folder.join("fresh")] {
        remove_files(&folder, |name| name.starts_with(UNFINISHED))?;
    }
    Ok(file)
}

/// Removes a file that may not exist.
pub(crate) fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

/// Removes the files in a folder whose names the predicate picks.
pub(crate) fn remove_files(folder: &Path, pick: impl Fn(&str) -> bool) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_file() && pick(name) {
            fs::remove_file(&path)
                .with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
    }
    Ok(())
}

/// Removes the folders in a folder whose names the predicate picks.
pub(crate) fn remove_folders(folder: &Path, pick: impl Fn(&str) -> bool) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if path.is_dir() && pick(&entry.file_name().to_string_lossy()) {
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
    }
    Ok(())
}
