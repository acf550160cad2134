//! Descriptors: WASI's own functions, called on the host's file threads, where they may wait.
//!
//! A descriptor here always lets its thread block. So on a file thread WASI's function is done when it returns.

use std::fs::File;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtx, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, ErrorCode, HostDescriptor,
    MetadataHashValue, NewTimestamp, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::session::WasiSession;
use super::system_error::system_error;
use crate::offer::state::RunState;

pub(super) fn get_directories(
    state: &mut &mut RunState,
) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
    let (session, handles) = state.session_and_handles::<WasiSession>();
    let opened = session.preopens.iter().map(|preopen| {
        let folder = handles.push(Descriptor::Dir(preopen.folder.clone()))?;
        Ok((folder, preopen.guest.clone()))
    });
    opened.collect()
}

/// The type is known, because only files and folders are opened.
pub(super) fn get_type(
    state: &mut &mut RunState,
    descriptor: Resource<Descriptor>,
) -> FsResult<DescriptorType> {
    Ok(match state.handles.get(&descriptor)? {
        Descriptor::File(_) => DescriptorType::RegularFile,
        Descriptor::Dir(_) => DescriptorType::Directory,
    })
}

/// Does the work on a file thread. It gets copies of these descriptors, which share the open files.
pub(super) async fn on_thread<T: Send + 'static, const N: usize>(
    state: &mut RunState,
    descriptors: [&Resource<Descriptor>; N],
    work: impl AsyncFnOnce(&mut WasiFilesystemCtxView<'_>, [Resource<Descriptor>; N]) -> T
    + Send
    + 'static,
) -> wasmtime::Result<T> {
    let mut table = ResourceTable::new();
    let mut copies = Vec::with_capacity(N);
    for descriptor in descriptors {
        copies.push(table.push(state.handles.get(descriptor)?.clone())?);
    }
    let Ok(copies) = <[_; N]>::try_from(copies) else {
        unreachable!("there is a copy of each");
    };
    let files = state.session::<WasiSession>().files()?;
    let done = files.run(move || {
        let mut view = WasiFilesystemCtxView {
            ctx: &mut WasiFilesystemCtx::default(),
            table: &mut table,
        };
        at_once(work(&mut view, copies))
    });
    Ok(done.await?)
}

/// The result of a WASI function on a thread that it may block.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => {
            unreachable!("a descriptor that blocks its thread does not wait otherwise")
        }
    }
}

/// WASI's functions report any error that a guest cannot have caused as an input/output error, also that the host
/// has no descriptors left. This asks the system whether that was the cause.
fn or_no_descriptors<T>(result: FsResult<T>) -> FsResult<T> {
    result.map_err(|error| match error.downcast_ref() {
        Some(ErrorCode::Io) => File::open("/").err().map_or(error, system_error),
        _ => error,
    })
}

macro_rules! on_threads {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {$(
        pub(super) async fn $name(
            state: &mut &mut RunState,
            this: Resource<Descriptor>,
            $($arg: $type),*
        ) -> FsResult<$answer> {
            on_thread(state, [&this], async move |files, [this]| {
                or_no_descriptors(files.$name(this, $($arg),*).await)
            })
            .await
            .map_err(FsError::trap)?
        }
    )*};
}

on_threads! {
    advise(offset: u64, length: u64, advice: Advice) -> ();
    create_directory_at(path: String) -> ();
    get_flags() -> DescriptorFlags;
    metadata_hash() -> MetadataHashValue;
    metadata_hash_at(flags: PathFlags, path: String) -> MetadataHashValue;
    read(length: u64, offset: u64) -> (Vec<u8>, bool);
    readlink_at(path: String) -> String;
    remove_directory_at(path: String) -> ();
    set_size(size: u64) -> ();
    set_times(accessed: NewTimestamp, modified: NewTimestamp) -> ();
    stat() -> DescriptorStat;
    stat_at(flags: PathFlags, path: String) -> DescriptorStat;
    symlink_at(target: String, path: String) -> ();
    sync() -> ();
    sync_data() -> ();
    unlink_file_at(path: String) -> ();
    write(bytes: Vec<u8>, offset: u64) -> u64;
}

pub(super) async fn link_at(
    state: &mut &mut RunState,
    this: Resource<Descriptor>,
    flags: PathFlags,
    path: String,
    folder: Resource<Descriptor>,
    new_path: String,
) -> FsResult<()> {
    on_thread(
        state,
        [&this, &folder],
        async move |files, [this, folder]| {
            or_no_descriptors(files.link_at(this, flags, path, folder, new_path).await)
        },
    )
    .await
    .map_err(FsError::trap)?
}

pub(super) async fn rename_at(
    state: &mut &mut RunState,
    this: Resource<Descriptor>,
    path: String,
    folder: Resource<Descriptor>,
    new_path: String,
) -> FsResult<()> {
    on_thread(
        state,
        [&this, &folder],
        async move |files, [this, folder]| {
            or_no_descriptors(files.rename_at(this, path, folder, new_path).await)
        },
    )
    .await
    .map_err(FsError::trap)?
}

pub(super) async fn is_same_object(
    state: &mut &mut RunState,
    this: Resource<Descriptor>,
    other: Resource<Descriptor>,
) -> wasmtime::Result<bool> {
    on_thread(state, [&this, &other], async move |files, [this, other]| {
        files.is_same_object(this, other).await
    })
    .await?
}
