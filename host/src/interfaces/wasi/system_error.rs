//! Errors of the system as a guest may see them.

use std::io;

use rustix::io::Errno;
use wasmtime_wasi::p2::FsError;

/// Raised if the process has no descriptor left for a guest's file. It is not an outcome, because it says nothing
/// of the guest. It ends the request with an error of the host.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct NoDescriptors(pub(crate) io::Error);

/// An error of the system for the guest. The guest is not told that the host has no descriptors left.
pub(super) fn system_error(error: io::Error) -> FsError {
    match Errno::from_io_error(&error) {
        Some(Errno::MFILE | Errno::NFILE) => FsError::trap(NoDescriptors(error)),
        _ => error.into(),
    }
}
