//! A panic in a host function, or in what a capability does before or after a run, ends that run and not the host.
//!
//! There are over a hundred host functions, and most are not ours. A panic unwinds through the guest, whose
//! instance is then thrown away as usual.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use crate::error::HostError;

/// A host function panicked with this message.
#[derive(Debug, thiserror::Error)]
#[error("a host function panicked: {0}")]
pub(crate) struct HostPanicked(String);

/// Polls the future and turns a panic into an error. The future is not polled again after a panic. It is not
/// moved, because such futures are large.
pub(crate) fn caught<T>(
    mut guest: Pin<&mut impl Future<Output = wasmtime::Result<T>>>,
) -> impl Future<Output = wasmtime::Result<T>> {
    poll_fn(move |context| {
        // Of what the future borrows, only the state in the store is read afterwards.
        let polled = catch_unwind(AssertUnwindSafe(|| guest.as_mut().poll(context)));
        polled.unwrap_or_else(|payload| Err(HostPanicked(message(&*payload)).into()).into())
    })
}

/// Does work of a capability outside of the guest's calls. A panic becomes an error, so that the run is closed like any
/// other and its trail is kept.
pub(crate) fn of_capability<T>(
    capability: &'static str,
    work: impl FnOnce() -> T,
) -> Result<T, HostError> {
    // What it had borrowed is dropped, or asked to take back what the run did.
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| HostError::Capability {
        capability,
        source: format!("it panicked: {}", message(&*payload)).into(),
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("without a message").to_owned()
}
