//! A guest's standard output and error: kept up to a limit, and counted past it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use bytes::Bytes;
use fractalaw_report::Captured;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::limits::OUTPUT_BYTES;
use crate::offer::account::Account;
use crate::offer::quota::QuotaExceeded;

/// The bytes that a guest may write at once without asking again. WASI's own streams allow as much.
const WRITE_BYTES: usize = 64 * 1024;

/// The host's end of the stream. Clones are the same stream.
#[derive(Clone)]
pub(crate) struct Capture {
    captured: Arc<Mutex<Captured>>,
    account: Account,
}

impl Capture {
    /// What it keeps counts for this account.
    pub(crate) fn new(account: Account) -> Capture {
        Capture {
            captured: Arc::default(),
            account,
        }
    }

    /// Returns what was captured so far.
    pub(crate) fn take(&self) -> Captured {
        std::mem::take(&mut self.lock())
    }

    fn push(&self, bytes: &[u8]) -> Result<(), QuotaExceeded> {
        let mut captured = self.lock();
        let kept = bytes.len().min(OUTPUT_BYTES - captured.bytes.len());
        self.account.try_hold(kept as u64)?;
        captured.bytes.extend_from_slice(&bytes[..kept]);
        captured.dropped_bytes += (bytes.len() - kept) as u64;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Captured> {
        self.captured
            .lock()
            .expect("no code panics while it holds this lock")
    }
}

impl IsTerminal for Capture {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Capture {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Capture {
    async fn ready(&mut self) {}
}

impl OutputStream for Capture {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes)
            .map_err(|exceeded| StreamError::Trap(exceeded.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

impl AsyncWrite for Capture {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let pushed = self.push(bytes).map_err(io::Error::other);
        Poll::Ready(pushed.map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_kept_to_the_byte_of_its_bound_and_counted_past_it() {
        let capture = Capture::new(Account::of_bytes(OUTPUT_BYTES as u64));
        for (written, kept, dropped) in [
            (OUTPUT_BYTES - 1, OUTPUT_BYTES - 1, 0),
            (1, OUTPUT_BYTES, 0),
            (1, OUTPUT_BYTES, 1),
            (7, OUTPUT_BYTES, 8),
        ] {
            capture.push(&vec![b'x'; written]).unwrap();
            let captured = capture.lock();
            assert_eq!(
                (captured.bytes.len(), captured.dropped_bytes),
                (kept, dropped)
            );
        }
    }
}
