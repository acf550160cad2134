//! Directory listings in the order of their names.
//!
//! A file system lists a folder in an order of its own, which differs from machine to machine and
//! would move a guest's result and fuel with it.

use std::vec;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView};
use wasmtime_wasi::p2::FsError;
use wasmtime_wasi::p2::bindings::filesystem::types::{DirectoryEntry, HostDescriptor};

use crate::interfaces::RunState;

/// A `directory-entry-stream`: entries by name, then what could not be read.
pub(super) struct SortedEntries(vec::IntoIter<Result<DirectoryEntry, FsError>>);

pub(super) async fn read_directory(
    state: &mut &mut RunState,
    folder: Resource<Descriptor>,
) -> Result<Resource<SortedEntries>, FsError> {
    let listing = state.filesystem().read_directory(folder).await?;
    let mut entries: Vec<_> = state.handles.delete(listing)?.into_iter().collect();
    entries.sort_by(|a, b| match (a, b) {
        (Ok(a), Ok(b)) => a.name.cmp(&b.name),
        (a, b) => a.is_err().cmp(&b.is_err()),
    });
    Ok(state.handles.push(SortedEntries(entries.into_iter()))?)
}

pub(super) fn read_directory_entry(
    state: &mut &mut RunState,
    entries: Resource<SortedEntries>,
) -> Result<Option<DirectoryEntry>, FsError> {
    state.handles.get_mut(&entries)?.0.next().transpose()
}

pub(super) fn drop(
    state: &mut &mut RunState,
    entries: Resource<SortedEntries>,
) -> wasmtime::Result<()> {
    state.handles.delete(entries)?;
    Ok(())
}
