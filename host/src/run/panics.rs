//! A panic in a host function ends the run that called it, and not the host.
//!
//! Host functions are for the most part not ours, and there are over a hundred. One that panics unwinds through the
//! guest, whose instance is thrown away like any other.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

/// A host function panicked, with this message.
#[derive(Debug, thiserror::Error)]
#[error("a host function panicked: {0}")]
pub(crate) struct HostPanicked(String);

/// The future, with a panic as an error. It is not polled again after one, and not moved: such futures are large.
pub(crate) fn caught<T>(
    mut guest: Pin<&mut impl Future<Output = wasmtime::Result<T>>>,
) -> impl Future<Output = wasmtime::Result<T>> {
    poll_fn(move |context| {
        // Of what it borrows, the store is only asked for its state afterwards.
        let polled = catch_unwind(AssertUnwindSafe(|| guest.as_mut().poll(context)));
        polled.unwrap_or_else(|payload| Err(HostPanicked(message(&*payload)).into()).into())
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("without a message").to_owned()
}
