//! Loading compiled code from a file: the one place with `unsafe`.

#![expect(
    unsafe_code,
    reason = "Wasmtime trusts the bytes of compiled code; see the argument below"
)]

use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::Component;

/// Maps compiled code into memory.
///
/// The caller is the cache, and only for an entry that it has just found intact: see there for how an
/// entry is written and checked. Wasmtime itself compares version, settings and target processor.
pub(crate) fn map(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file must hold what `Component::serialize` wrote and must not change while it is
    // mapped. The cache writes only such files; its folder can be written by nobody but this user,
    // which it checks when it is opened; every entry's length and checksum are compared first; and
    // entries are never changed in place, only created by renaming and removed by unlinking, which
    // leaves a mapping as it is.
    unsafe { Component::deserialize_file(engine, path) }
}
