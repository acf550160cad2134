//! Streams of memory and of files. Each call waits for its work, so what a guest sees depends on no disk.
//!
//! No call moves more than `STREAM_BYTES`, and a call is charged for what it moves.

use bytes::Bytes;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, IoError, StreamResult};

use crate::limits::STREAM_BYTES;

/// The messages of the error and of its causes. Wasmtime's own answer contains the host's backtrace if the host's
/// environment asks for backtraces.
pub(super) fn to_debug_string(
    handles: &mut &mut ResourceTable,
    error: Resource<IoError>,
) -> wasmtime::Result<String> {
    Ok(format!("{:#}", handles.get(&error)?))
}

pub(super) async fn read(
    handles: &mut &mut ResourceTable,
    stream: Resource<DynInputStream>,
    most: u64,
) -> StreamResult<Vec<u8>> {
    Ok(read_some(handles, &stream, most).await?.into())
}

pub(super) async fn skip(
    handles: &mut &mut ResourceTable,
    stream: Resource<DynInputStream>,
    most: u64,
) -> StreamResult<u64> {
    Ok(read_some(handles, &stream, most).await?.len() as u64)
}

/// If the guest asks for no bytes, this only checks whether the stream is open.
async fn read_some(
    handles: &mut ResourceTable,
    stream: &Resource<DynInputStream>,
    most: u64,
) -> StreamResult<Bytes> {
    let input = handles.get_mut(stream)?;
    match bounded(most) {
        0 => input.read(0),
        most => input.blocking_read(most).await,
    }
}

pub(super) async fn write(
    handles: &mut &mut ResourceTable,
    stream: Resource<DynOutputStream>,
    contents: Vec<u8>,
) -> StreamResult<()> {
    let output = handles.get_mut(&stream)?;
    let mut rest = Bytes::from(contents);
    loop {
        // A run that is cut off leaves at most one piece to be written after its end.
        output.write(rest.split_to(rest.len().min(STREAM_BYTES)))?;
        output.ready().await;
        if rest.is_empty() {
            return Ok(());
        }
        output.check_write()?;
    }
}

pub(super) async fn write_zeroes(
    handles: &mut &mut ResourceTable,
    stream: Resource<DynOutputStream>,
    count: u64,
) -> StreamResult<()> {
    let output = handles.get_mut(&stream)?;
    output.write_zeroes(usize::try_from(count).unwrap_or(usize::MAX))?;
    output.ready().await;
    Ok(())
}

/// The number of zero bytes that a call writes. If a stream can never have room for `count`, the call writes
/// none.
pub(super) fn zeroes(count: u64) -> u64 {
    if count > STREAM_BYTES as u64 {
        0
    } else {
        count
    }
}

pub(super) async fn splice(
    handles: &mut &mut ResourceTable,
    to: Resource<DynOutputStream>,
    from: Resource<DynInputStream>,
    most: u64,
) -> StreamResult<u64> {
    let room = handles.get_mut(&to)?.write_ready().await?;
    let most = bounded(most).min(room);
    if most == 0 {
        return Ok(0);
    }
    let contents = read_some(handles, &from, most as u64).await?;
    let moved = contents.len() as u64;
    let output = handles.get_mut(&to)?;
    output.blocking_write_and_flush(contents).await?;
    Ok(moved)
}

fn bounded(most: u64) -> usize {
    usize::try_from(most).map_or(STREAM_BYTES, |most| most.min(STREAM_BYTES))
}
