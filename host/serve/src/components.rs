//! Copies of the components that ran, by digest. A file that a build overwrites can still be rolled back to.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fractalaw_host::{COMPONENT_BYTES, Host, LoadError, MicroApp, open_regular_file};
use fractalaw_provenance::{Digest, Lock, Signatures, beside, sha256};

use crate::error::ServeError;
use crate::folder::{Folder, failed, write_whole};
use crate::journal::chain;

/// What a component's file and the file of its signatures looked like. If they look the same again, they are not read
/// again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Looks {
    component: FileLooks,
    signatures: Option<FileLooks>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileLooks {
    bytes: u64,
    modified: Option<SystemTime>,
    file: u64,
}

/// Looks at a component without reading it.
pub(crate) fn look(path: &Path) -> Option<Looks> {
    Some(Looks {
        component: look_at(path)?,
        signatures: look_at(&beside(path)),
    })
}

fn look_at(path: &Path) -> Option<FileLooks> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some(FileLooks {
        bytes: metadata.len(),
        modified: metadata.modified().ok(),
        file: metadata.ino(),
    })
}

/// Copies a component with its signatures, and returns its digest. If a lock pins the file, it must be what is pinned.
pub(crate) fn keep(folder: &Folder, source: &Path) -> Result<String, ServeError> {
    let failed_to_read = |error| failed("read", source, error);
    let Some(file) = open_regular_file(source).map_err(failed_to_read)? else {
        return Err(ServeError::asked(format!(
            "`{}` is no regular file, expected a component",
            source.display()
        )));
    };
    let mut bytes = Vec::new();
    // One byte more than a component may have: the host refuses it for its size.
    let read = file
        .take(COMPONENT_BYTES as u64 + 1)
        .read_to_end(&mut bytes);
    read.map_err(failed_to_read)?;
    let digest = sha256(&bytes);
    let refused = |message: String, hint: &str| ServeError::asked_with(message, hint);
    let pin = Lock::pin(source).map_err(|error| refused(error.to_string(), error.hint()))?;
    if let Some(pin) = pin {
        let checked = pin.check(&digest);
        checked.map_err(|differs| {
            let file = source.display();
            refused(format!("`{file}` is refused: {differs}"), differs.hint())
        })?;
    }
    let path = place(folder, digest.hex());
    keep_signatures(source, &path, &digest)?;
    // A copy that was damaged is written again.
    if !fs::read(&path).is_ok_and(|kept| kept == bytes) {
        write_whole(&path, &bytes)?;
    }
    Ok(digest.hex().to_owned())
}

/// Adds the signatures beside a component to those beside its copy. Nobody verifies them here: the host does. The file may
/// be about another component, because it is replaced before or after the component itself.
fn keep_signatures(source: &Path, copy: &Path, digest: &Digest) -> Result<(), ServeError> {
    // The file that is beside the component now comes first, if there is no room for all.
    let (now, before) = (
        Signatures::read_beside(source),
        Signatures::read_beside(copy),
    );
    let (now, before) = (now.unwrap_or_default(), before.unwrap_or_default());
    let mut signatures = now.clone().about(digest);
    signatures.add(before.clone().about(digest));
    if signatures.is_empty() {
        // The host says which component they are about.
        signatures = now;
    }
    let (signatures, _) = signatures.fitting();
    match signatures == before {
        true => Ok(()),
        false => write_whole(&beside(copy), signatures.text().as_bytes()),
    }
}

/// Loads a copy. Nothing else than the component with this digest may run in its name.
pub(crate) fn load(host: &Host, folder: &Folder, digest: &str) -> Result<MicroApp, String> {
    let loaded = host.load_file(place(folder, digest));
    let app = loaded.map_err(|error| match error {
        LoadError::Refused(refusal) => format!("{digest} is refused: {refusal}"),
        LoadError::Host(error) => format!("{digest} does not load: {}", chain(&error)),
    })?;
    match app.digest() == digest {
        true => Ok(app),
        false => Err(format!(
            "{digest} does not load: its copy is another component"
        )),
    }
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
        // `DIGEST.wasm`, or `DIGEST.wasm.sig`.
        let name = path.file_name().and_then(|name| name.to_str());
        let digest = name.and_then(|name| name.split('.').next());
        if !digest.is_some_and(&kept) {
            let _ = fs::remove_file(&path);
        }
    }
}
