//! Copies of the components that ran, by digest. A file that a build overwrites can still be rolled back to.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fractalaw_host::COMPONENT_BYTES;
use sha2::{Digest, Sha256};

use crate::error::ServeError;
use crate::folder::{Folder, failed, write_whole};

/// What a file looked like. If it looks the same again, it is not read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Looks {
    bytes: u64,
    modified: Option<SystemTime>,
    file: u64,
}

/// Looks at a file without reading it.
pub(crate) fn look(path: &Path) -> Option<Looks> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some(Looks {
        bytes: metadata.len(),
        modified: metadata.modified().ok(),
        file: metadata.ino(),
    })
}

/// Copies a component, and returns its digest.
pub(crate) fn keep(folder: &Folder, source: &Path) -> Result<String, ServeError> {
    let failed_to_read = |error| failed("read", source, error);
    let file = fs::File::open(source).map_err(failed_to_read)?;
    let mut bytes = Vec::new();
    // One byte more than a component may have: the host refuses it for its size.
    let read = file
        .take(COMPONENT_BYTES as u64 + 1)
        .read_to_end(&mut bytes);
    read.map_err(failed_to_read)?;
    let digest = Sha256::digest(&bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = place(folder, &digest);
    if !path.exists() {
        write_whole(&path, &bytes)?;
    }
    Ok(digest)
}

/// Where the component with this digest is.
pub(crate) fn place(folder: &Folder, digest: &str) -> PathBuf {
    folder.components().join(format!("{digest}.wasm"))
}

/// Removes all components but these.
pub(crate) fn forget_others<'a>(folder: &Folder, kept: impl Fn(&str) -> bool + 'a) {
    // What cannot be removed now is removed another time.
    let Ok(entries) = fs::read_dir(folder.components()) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let digest = path.file_stem().and_then(|stem| stem.to_str());
        if !digest.is_some_and(&kept) {
            let _ = fs::remove_file(&path);
        }
    }
}
