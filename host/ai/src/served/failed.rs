//! Why a server gave no answer.

use std::io;

use fractalaw_host::capability::wasmtime;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The run's deadline passed, or the host stops.
    Ended(wasmtime::Error),
    /// Nobody listens there.
    Unreachable(io::Error),
    /// The connection broke, or what came is not HTTP.
    Broken(String),
    /// The answer is larger than the host reads.
    TooLarge,
}
