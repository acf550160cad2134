//! What ends a run that does not end by itself: its deadline, and the host that is to stop.

use std::pin::pin;
use std::time::Instant;

use tokio::sync::watch;
use tokio::time::timeout_at;

use crate::offer::deadline::{DeadlineExceeded, Interrupted};
use crate::run::panics::caught;

/// What ends a run that does not end by itself.
pub(crate) struct Until {
    pub(crate) deadline: Instant,
    /// Turns true when the host is to stop.
    pub(crate) stop: watch::Receiver<bool>,
}

/// The epoch interrupts a guest that computes; this one that waits in a host call. The guest is asked first,
/// so that one that never gives way pays nothing for being interruptible. A panic in a host function is an error.
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

/// Returns when the host is told to stop: never, if it is not.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending().await
    }
}
