//! Streams of files. A guest that reads or writes waits for the work on a file thread, whichever function it
//! calls.
//!
//! So a stream keeps nothing between calls, a run uses one thread at a time, and no answer depends on the speed
//! of a disk: a file is always ready.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, FsError, FsResult, InputStream, OutputStream, Pollable,
    StreamError, StreamResult,
};

use super::session::WasiSession;
use crate::cost::host_calls::{STREAM, STREAM_OF_A_FILE};
use crate::limits::STREAM_BYTES;
use crate::offer::account::Account;
use crate::offer::charge::ANSWER_BYTES;
use crate::offer::file_threads::FileLane;
use crate::offer::state::RunState;

pub(super) fn read_via_stream(
    state: &mut &mut RunState,
    this: Resource<Descriptor>,
    position: u64,
) -> FsResult<Resource<DynInputStream>> {
    let Descriptor::File(file) = state.handles.get(&this)? else {
        return Err(ErrorCode::IsDirectory.into());
    };
    let file = Arc::clone(&file.file);
    let (lane, account) = on_behalf_of(state)?;
    let stream: DynInputStream = Box::new(FileReader {
        file,
        lane,
        account,
        position,
        ended: false,
    });
    Ok(state.handles.push(stream)?)
}

pub(super) fn write_via_stream(
    state: &mut &mut RunState,
    this: Resource<Descriptor>,
    position: u64,
) -> FsResult<Resource<DynOutputStream>> {
    writer(state, this, Some(position))
}

pub(super) fn append_via_stream(
    state: &mut &mut RunState,
    this: Resource<Descriptor>,
) -> FsResult<Resource<DynOutputStream>> {
    writer(state, this, None)
}

fn writer(
    state: &mut RunState,
    this: Resource<Descriptor>,
    position: Option<u64>,
) -> FsResult<Resource<DynOutputStream>> {
    let Descriptor::File(file) = state.handles.get(&this)? else {
        return Err(ErrorCode::BadDescriptor.into());
    };
    if file.perms.write_not_permitted() {
        return Err(ErrorCode::NotPermitted.into());
    }
    let file = Arc::clone(&file.file);
    let (lane, account) = on_behalf_of(state)?;
    let stream: DynOutputStream = Box::new(FileWriter {
        file,
        lane,
        account,
        position,
        state: WriteState::Ready,
    });
    Ok(state.handles.push(stream)?)
}

/// The threads for a stream's work, and the account that pays for it.
fn on_behalf_of(state: &mut RunState) -> FsResult<(FileLane, Account)> {
    let account = state.account().clone();
    let files = state.session::<WasiSession>().files();
    Ok((files.map_err(FsError::trap)?.clone(), account))
}

/// Reads a file from a position on.
struct FileReader {
    file: Arc<File>,
    lane: FileLane,
    account: Account,
    position: u64,
    /// After its end or an error, it stays closed.
    ended: bool,
}

#[async_trait::async_trait]
impl Pollable for FileReader {
    async fn ready(&mut self) {}
}

#[async_trait::async_trait]
impl InputStream for FileReader {
    /// Called only to read nothing: guests read through `blocking_read`.
    fn read(&mut self, _: usize) -> StreamResult<Bytes> {
        if self.ended {
            return Err(StreamError::Closed);
        }
        Ok(Bytes::new())
    }

    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.ended || size == 0 || self.account.charge(STREAM_OF_A_FILE).is_err() {
            return self.read(0);
        }
        // No more than the run can pay for, because the call must not move the file's position further.
        let payable = STREAM
            .bytes_for(self.account.spare_fuel())
            .saturating_sub(ANSWER_BYTES);
        let size = size.min(usize::try_from(payable).unwrap_or(usize::MAX));
        if size == 0 {
            return self.read(0);
        }
        let (file, position) = (Arc::clone(&self.file), self.position);
        let read = self.lane.run(move || read_at(&file, position, size));
        match read.await.map_err(trap)? {
            Ok(bytes) if bytes.is_empty() => {
                self.ended = true;
                Err(StreamError::Closed)
            }
            Ok(bytes) => {
                self.position += bytes.len() as u64;
                Ok(bytes)
            }
            Err(error) => {
                self.ended = true;
                Err(StreamError::LastOperationFailed(error.into()))
            }
        }
    }
}

fn read_at(file: &File, position: u64, size: usize) -> io::Result<Bytes> {
    let mut bytes = BytesMut::zeroed(size.min(STREAM_BYTES));
    loop {
        match file.read_at(&mut bytes, position) {
            Ok(read) => {
                bytes.truncate(read);
                return Ok(bytes.freeze());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Writes a file from a position on, or at its end.
struct FileWriter {
    file: Arc<File>,
    lane: FileLane,
    account: Account,
    position: Option<u64>,
    state: WriteState,
}

enum WriteState {
    Ready,
    /// Taken from the guest, and written when the guest waits for it, which is before the guest goes on.
    Taken(Bytes),
    Failed(io::Error),
    Closed,
}

impl FileWriter {
    fn failed(&mut self) -> StreamError {
        match std::mem::replace(&mut self.state, WriteState::Closed) {
            WriteState::Failed(error) => StreamError::LastOperationFailed(error.into()),
            _ => StreamError::Closed,
        }
    }
}

#[async_trait::async_trait]
impl Pollable for FileWriter {
    async fn ready(&mut self) {
        let WriteState::Taken(bytes) = &self.state else {
            return;
        };
        if self.account.charge(STREAM_OF_A_FILE).is_err() {
            self.state = WriteState::Ready;
            return;
        }
        let (file, position, bytes) = (Arc::clone(&self.file), self.position, bytes.clone());
        let length = bytes.len() as u64;
        let written = self.lane.run(move || write_at(&file, position, &bytes));
        let written = written
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)));
        self.state = match written {
            Ok(()) => WriteState::Ready,
            Err(error) => WriteState::Failed(error),
        };
        self.position = self
            .position
            .map(|position| position.saturating_add(length));
    }
}

#[async_trait::async_trait]
impl OutputStream for FileWriter {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        match self.state {
            WriteState::Ready => self.state = WriteState::Taken(bytes),
            WriteState::Closed => return Err(StreamError::Closed),
            WriteState::Taken(_) | WriteState::Failed(_) => {
                return Err(StreamError::trap(
                    "it was not asked how much may be written",
                ));
            }
        }
        Ok(())
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.check_write()?;
        self.write(bytes)?;
        self.ready().await;
        self.check_write().map(|_| ())
    }

    fn flush(&mut self) -> StreamResult<()> {
        match self.state {
            WriteState::Ready | WriteState::Taken(_) => Ok(()),
            WriteState::Failed(_) | WriteState::Closed => Err(self.failed()),
        }
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        match self.state {
            WriteState::Ready => Ok(STREAM_BYTES),
            WriteState::Taken(_) => Ok(0),
            WriteState::Failed(_) | WriteState::Closed => Err(self.failed()),
        }
    }
}

fn write_at(file: &File, position: Option<u64>, bytes: &[u8]) -> io::Result<()> {
    match position {
        Some(position) => file.write_all_at(bytes, position),
        None => append(file, bytes),
    }
}

/// Each piece is appended in one call, so that what others append meanwhile comes before or after it.
#[cfg(target_os = "linux")]
fn append(file: &File, mut bytes: &[u8]) -> io::Result<()> {
    use rustix::io::{Errno, ReadWriteFlags, pwritev2};
    while !bytes.is_empty() {
        let slices = [io::IoSlice::new(bytes)];
        match pwritev2(file, &slices, 0, ReadWriteFlags::APPEND) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn append(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    file.seek(SeekFrom::End(0))?;
    file.write_all(bytes)
}

fn trap(error: impl Into<wasmtime::Error>) -> StreamError {
    StreamError::Trap(error.into())
}
