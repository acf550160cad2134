//! What ends a run that does not end by itself: its deadline, or a host that is to stop.

use std::pin::pin;
use std::time::Instant;

use tokio::sync::watch;
use tokio::time::timeout_at;

use crate::offer::deadline::{DeadlineExceeded, Interrupted};
use crate::panics::caught;

/// What ends a run that does not end by itself.
pub(crate) struct Until {
    pub(crate) deadline: Instant,
    /// Becomes true when the host is to stop.
    pub(crate) stop: watch::Receiver<bool>,
}

/// The epoch interrupts a guest that computes. This function interrupts a guest that waits in a host call. The
/// guest is polled first, so a guest that never waits pays nothing for it. A panic in a host function becomes an
/// error.
pub(crate) async fn in_time<T>(
    until: &mut Until,
    guest: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    if Instant::now() >= until.deadline {
        return Err(DeadlineExceeded.into());
    }
    let guest = pin!(guest);
    tokio::select! {
        biased;
        ended = timeout_at(until.deadline.into(), caught(guest)) => {
            ended.unwrap_or_else(|_| Err(DeadlineExceeded.into()))
        }
        () = stopped(&mut until.stop) => Err(Interrupted.into()),
    }
}

/// Returns when the host is told to stop, and never if it is not.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending().await
    }
}
