//! Directory listings in the order of their names.
//!
//! A file system lists a folder in an order of its own, which differs from machine to machine and
//! would move a guest's result and fuel with it. This takes the place of the part of
//! `wasi:filesystem/types` that lists folders; all else there stays Wasmtime's.

use std::vec;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView};
use wasmtime_wasi::p2::FsError;
use wasmtime_wasi::p2::bindings::filesystem::types::{DirectoryEntry, ErrorCode, HostDescriptor};

use crate::interfaces::RunState;

/// The version that this Wasmtime defines; guests' other patch versions are matched to it.
pub(super) const TYPES: &str = "wasi:filesystem/types@0.2.12";

/// A `directory-entry-stream`: entries by name, then what could not be read.
struct SortedEntries(vec::IntoIter<Result<DirectoryEntry, FsError>>);

/// Redefines listing in a linker that has WASI already.
pub(crate) fn add_to_linker(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut types = linker.instance(TYPES)?;
    types.resource(
        "directory-entry-stream",
        ResourceType::host::<SortedEntries>(),
        |mut store: StoreContextMut<'_, RunState>, stream| {
            store
                .data_mut()
                .handles
                .delete(Resource::<SortedEntries>::new_own(stream))?;
            Ok(())
        },
    )?;
    types.func_wrap_async(
        "[method]descriptor.read-directory",
        |mut store, (folder,): (Resource<Descriptor>,)| {
            Box::new(async move {
                let listed = read_directory(store.data_mut(), folder).await;
                Ok((or_error_code(listed)?,))
            })
        },
    )?;
    types.func_wrap(
        "[method]directory-entry-stream.read-directory-entry",
        |mut store, (stream,): (Resource<SortedEntries>,)| {
            let entry = store
                .data_mut()
                .handles
                .get_mut(&stream)?
                .0
                .next()
                .transpose();
            Ok((or_error_code(entry)?,))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

async fn read_directory(
    state: &mut RunState,
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

/// An error that the guest may see as its code, any other as a trap.
pub(super) fn or_error_code<T>(
    result: Result<T, FsError>,
) -> wasmtime::Result<Result<T, ErrorCode>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => Ok(Err(error.downcast()?)),
    }
}
