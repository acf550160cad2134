//! What ends a run that does not end by itself: its deadline, or a host that is to stop.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Instant;

use tokio::sync::watch;
use tokio::time::sleep_until;

use crate::offer::deadline::{DeadlineExceeded, Interrupted};
use crate::panics::caught;

/// What ends a run that does not end by itself.
#[derive(Clone, Copy)]
pub(crate) struct Until<'a> {
    pub(crate) deadline: Instant,
    /// Becomes true when the host is to stop.
    pub(crate) stop: &'a watch::Sender<bool>,
}

impl Until<'_> {
    /// Waits for the end, and returns why it is one.
    fn end(self) -> impl Future<Output = wasmtime::Error> + Send + 'static {
        let mut stop = self.stop.subscribe();
        async move {
            tokio::select! {
                biased;
                () = sleep_until(self.deadline.into()) => DeadlineExceeded.into(),
                () = stopped(&mut stop) => Interrupted.into(),
            }
        }
    }
}

/// The epoch interrupts a guest that computes. This function interrupts a guest that waits in a host call. A panic in a
/// host function becomes an error.
///
/// The guest is polled first. The timer is made when the guest waits for the first time, so a guest that never waits
/// pays nothing for it. The caller pins it, because to move such a future costs more than to poll it.
pub(crate) async fn in_time<T>(
    until: Until<'_>,
    guest: Pin<&mut impl Future<Output = wasmtime::Result<T>>>,
) -> wasmtime::Result<T> {
    let mut guest = pin!(caught(guest));
    let mut end: Option<Pin<Box<dyn Future<Output = wasmtime::Error> + Send>>> = None;
    poll_fn(|context| {
        if let Poll::Ready(ended) = guest.as_mut().poll(context) {
            return Poll::Ready(ended);
        }
        let end = end.get_or_insert_with(|| Box::pin(until.end()));
        end.as_mut().poll(context).map(Err)
    })
    .await
}

/// Returns when the host is told to stop, and never if it is not.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending().await
    }
}
