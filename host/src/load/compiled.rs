//! Loads compiled code from a file, or from another engine of this process. This is the only file with `unsafe`.

#![expect(
    unsafe_code,
    reason = "Wasmtime trusts the bytes of compiled code; see the argument below"
)]

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use wasmtime::Engine;
use wasmtime::component::Component;

/// Loads compiled code. It is mapped into memory if the system can name an open file, and read otherwise.
///
/// Only the cache calls this, and only for an entry that it has just found intact. The cache says how an entry is
/// written and checked. Wasmtime itself compares version, settings and target processor.
pub(crate) fn load(engine: &Engine, file: &File) -> wasmtime::Result<Component> {
    match name(file) {
        // SAFETY: the bytes must be what `Component::serialize` wrote and must not change while they are mapped.
        // The cache has found a seal over all of them in this very file, and only its own key makes that seal.
        // The file belongs to this user, and nobody else can write it. Entries are never changed in place: they
        // are created by renaming and removed by unlinking, which leaves a mapping as it is.
        Some(path) => unsafe { Component::deserialize_file(engine, path) },
        None => {
            let (mut file, mut code) = (file, Vec::new());
            file.rewind()?;
            file.read_to_end(&mut code)?;
            // SAFETY: as above.
            unsafe { Component::deserialize(engine, code) }
        }
    }
}

/// The same compiled code in another engine with the same settings.
pub(crate) fn copy(component: &Component, engine: &Engine) -> wasmtime::Result<Component> {
    let code = component.serialize()?;
    // SAFETY: the bytes must be what `Component::serialize` wrote, and it has just written them. Nobody else has them.
    unsafe { Component::deserialize(engine, code) }
}

/// A name that leads to this open file and to no other, whatever happens to names in folders.
fn name(file: &File) -> Option<PathBuf> {
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let (named, open) = (fs::metadata(&path).ok()?, file.metadata().ok()?);
    let is_same = (named.dev(), named.ino()) == (open.dev(), open.ino());
    is_same.then_some(path)
}
