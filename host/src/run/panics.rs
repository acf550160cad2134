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

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use wasmtime::Store;
    use wasmtime::component::{Component, Linker};

    use super::*;
    use crate::outcome::Outcome;
    use crate::trap::{During, Trap, TrapCode};
    use crate::{Certainty, engine};

    const GUEST: &str = r#"(component
        (import "at-once" (func $at-once))
        (import "later" (func $later))
        (core func $at-once (canon lower (func $at-once)))
        (core func $later (canon lower (func $later)))
        (core module $m
            (import "" "at-once" (func $at-once)) (import "" "later" (func $later))
            (func (export "at-once") call $at-once)
            (func (export "later") call $later)
            (func (export "neither")))
        (core instance $i (instantiate $m (with "" (instance
            (export "at-once" (func $at-once)) (export "later" (func $later))))))
        (func (export "call-at-once") (canon lift (core func $i "at-once")))
        (func (export "call-later") (canon lift (core func $i "later")))
        (func (export "call-neither") (canon lift (core func $i "neither"))))"#;

    async fn later() -> wasmtime::Result<()> {
        tokio::task::yield_now().await;
        panic!("no 2")
    }

    /// In the one slot that there is, again and again.
    #[tokio::test]
    async fn a_host_function_that_panics_ends_the_run_and_the_slot_serves_the_next() {
        let engine = engine::new(1).unwrap();
        let component = Component::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
        let mut linker = Linker::<()>::new(&engine);
        let mut root = linker.root();
        root.func_wrap("at-once", |_, ()| -> wasmtime::Result<()> {
            panic!("no {}", 1)
        })
        .unwrap();
        root.func_wrap_async("later", |_, ()| Box::new(later()))
            .unwrap();
        let pre = linker.instantiate_pre(&component).unwrap();
        for _ in 0..3 {
            for (export, expected) in [
                ("call-at-once", Some("a host function panicked: no 1")),
                ("call-later", Some("a host function panicked: no 2")),
                ("call-neither", None),
            ] {
                let mut store = Store::new(&engine, ());
                store.set_fuel(1_000).unwrap();
                store.set_epoch_deadline(1);
                let instance = pre.instantiate_async(&mut store).await.unwrap();
                let call = instance.get_typed_func::<(), ()>(&mut store, export);
                let call = call.unwrap();
                let ended = caught(pin!(call.call_async(&mut store, ()))).await;
                let outcome = ended.map_err(|error| Outcome::from_error(&error, 1));
                let expected = expected.map(|message| {
                    Outcome::Trap(Trap {
                        code: TrapCode::HostPanicked,
                        message: message.to_owned(),
                        during: During::Run,
                    })
                });
                assert_eq!(outcome.err(), expected);
                let certainty = expected.map(|outcome| outcome.fuel_certainty());
                assert_ne!(certainty, Some(Certainty::Exact));
            }
        }
    }
}
