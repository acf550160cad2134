//! Turns the errors that end a run into outcomes, with what the guest was doing and in which of its functions.

use fractalaw_contract::function_name;
use fractalaw_instrument::{CROSSING, PART};
use fractalaw_report::{Certainty, During, Outcome, Quota, Trap, TrapCode};
use wasmtime::component::ResourceTableError;
use wasmtime::{Trap as WasmtimeTrap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::error::LoadError;
use crate::limits::{BACKTRACE_FRAMES, CROSSING_BYTES, HOST_CALL_BYTES};
use crate::load::reading::on_its_stack;
use crate::offer::deadline::{DeadlineExceeded, Interrupted};
use crate::offer::determinism::WaitedPastDeadline;
use crate::offer::limiter::MemoryLimitExceeded;
use crate::offer::quota::QuotaExceeded;
use crate::panics::HostPanicked;

/// The outcome and the certainty of its fuel figure, given what the counter shows at the end.
///
/// Wasmtime checks the counter where a function or a loop begins, so a guest can use more than it had. Then the
/// counter shows zero, and the excess is unknown. So a run that returned with nothing left is out of fuel.
pub(super) fn with_fuel_left(outcome: Outcome, left: u64) -> (Outcome, Certainty) {
    let certainty = outcome.fuel_certainty();
    match outcome {
        Outcome::Completed(_) | Outcome::GuestError(_) if left == 0 => {
            (Outcome::OutOfFuel, Certainty::Exact)
        }
        Outcome::OutOfFuel | Outcome::Refused(_) => (outcome, certainty),
        _ if left == 0 && certainty == Certainty::Exact => (outcome, Certainty::LowerBound),
        _ => (outcome, certainty),
    }
}

/// One part handed more to another than may cross at once.
pub(super) fn too_much_crossing() -> Outcome {
    Outcome::QuotaExceeded {
        quota: Quota::CROSSING_BYTES,
        limit: CROSSING_BYTES as u64,
    }
}

/// Reads the error that ended instantiation or the call. `handles` is the run's quota.
pub(super) fn outcome(error: &wasmtime::Error, handles: u64, instantiated: bool) -> Outcome {
    if error.is::<DeadlineExceeded>() || error.is::<WaitedPastDeadline>() {
        return Outcome::DeadlineExceeded;
    }
    if error.is::<Interrupted>() {
        return Outcome::Interrupted;
    }
    if let Some(QuotaExceeded { quota, limit }) = error.downcast_ref() {
        return exceeded(quota.clone(), *limit);
    }
    if let Some(exceeded) = error.downcast_ref::<MemoryLimitExceeded>() {
        let &MemoryLimitExceeded {
            kind,
            requested,
            limit,
        } = exceeded;
        return Outcome::MemoryLimit {
            kind,
            requested,
            limit,
        };
    }
    let trap = |(code, message)| {
        Outcome::Trap(Trap {
            during: during(code, instantiated, error),
            code,
            message,
        })
    };
    if let Some(I32Exit(status)) = error.downcast_ref() {
        return trap(exit(*status));
    }
    if let Some(panic) = error.downcast_ref::<HostPanicked>() {
        return trap((TrapCode::HostPanicked, panic.to_string()));
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return exceeded(Quota::HANDLES, handles);
    }
    match error.downcast_ref::<WasmtimeTrap>() {
        Some(WasmtimeTrap::OutOfFuel) => Outcome::OutOfFuel,
        Some(WasmtimeTrap::StackOverflow) => Outcome::StackOverflow,
        Some(found) => trap(of_wasmtime(*found)),
        None if is_host_call_payload(error) => {
            exceeded(Quota::HOST_CALL_BYTES, HOST_CALL_BYTES as u64)
        }
        None if is_handle_limit(error) => exceeded(Quota::HANDLES, handles),
        None => trap((TrapCode::Boundary, error.root_cause().to_string())),
    }
}

fn exceeded(quota: Quota, limit: u64) -> Outcome {
    Outcome::QuotaExceeded { quota, limit }
}

fn exit(status: i32) -> (TrapCode, String) {
    let message = format!("the guest called exit with status {status} instead of returning");
    (TrapCode::Exit { status }, message)
}

fn of_wasmtime(trap: WasmtimeTrap) -> (TrapCode, String) {
    let code = match trap {
        WasmtimeTrap::UnreachableCodeReached => TrapCode::Unreachable,
        WasmtimeTrap::MemoryOutOfBounds => TrapCode::MemoryOutOfBounds,
        WasmtimeTrap::TableOutOfBounds => TrapCode::TableOutOfBounds,
        WasmtimeTrap::IndirectCallToNull => TrapCode::IndirectCallToNull,
        WasmtimeTrap::BadSignature => TrapCode::BadSignature,
        WasmtimeTrap::IntegerOverflow => TrapCode::IntegerOverflow,
        WasmtimeTrap::IntegerDivisionByZero => TrapCode::IntegerDivisionByZero,
        WasmtimeTrap::BadConversionToInteger => TrapCode::BadConversionToInteger,
        _ => TrapCode::Other,
    };
    let message = trap.to_string();
    let message = message.strip_prefix("wasm trap: ").unwrap_or(&message);
    (code, message.to_owned())
}

/// What the guest was doing. Outside of a call by guest code, an error has no backtrace.
fn during(code: TrapCode, instantiated: bool, error: &wasmtime::Error) -> During {
    let in_guest = error.downcast_ref::<WasmBacktrace>().is_some();
    match code {
        _ if !instantiated => During::Instantiation,
        TrapCode::Boundary if !in_guest => During::Result,
        _ => During::Run,
    }
}

/// Wasmtime counts a guest's own resources and what a call is lent, but reports an excess only in words. A test
/// checks this against the real engine.
fn is_handle_limit(error: &wasmtime::Error) -> bool {
    let cause = error.root_cause().to_string();
    cause.ends_with(": store handle limit exceeded")
}

/// Wasmtime refuses a call that hands over too much with an error whose type is private, so only its name
/// identifies it. A test checks this against the real engine.
fn is_host_call_payload(error: &wasmtime::Error) -> bool {
    format!("{:?}", error.root_cause()) == "HostcallFuelExhausted"
}

/// Whether a part of a composed component was asked for more memory than the limit. Only functions that
/// `fractalaw_instrument` added have this name.
pub(super) fn is_too_much_crossing(error: &wasmtime::Error) -> bool {
    let innermost = error
        .downcast_ref::<WasmBacktrace>()
        .and_then(|backtrace| backtrace.frames().first()?.func_name());
    innermost == Some(CROSSING)
        && matches!(
            error.downcast_ref::<WasmtimeTrap>(),
            Some(WasmtimeTrap::UnreachableCodeReached)
        )
}

/// The guest's functions at the trap, innermost first, with readable names. Those of a composed component are named after
/// their part.
pub(super) fn backtrace(error: &wasmtime::Error, is_composed: bool) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let name = |frame: &wasmtime::FrameInfo| {
        let function = match frame.func_name() {
            Some(name) => function_name::readable(name),
            None => format!("function {}", frame.func_index()),
        };
        let part = frame.module().name().filter(|_| is_composed);
        match part.and_then(|name| name.strip_prefix(PART)) {
            Some(part) => format!("{}: {function}", function_name::plain(part)),
            None => function,
        }
    };
    let frames = backtrace.frames().iter().take(BACKTRACE_FRAMES);
    // Names are read by recursion, and the thread that polls the run may have a small stack.
    let names = on_its_stack(|| Ok::<_, LoadError>(frames.clone().map(name).collect()));
    names.unwrap_or_else(|_| {
        let index = |frame: &wasmtime::FrameInfo| format!("function {}", frame.func_index());
        frames.map(index).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use wasmtime::Store;
    use wasmtime::component::{Component, Linker};

    use super::*;
    use crate::engine;
    use crate::panics::caught;

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

    /// In the only slot, again and again.
    #[tokio::test]
    async fn a_host_function_that_panics_ends_the_run_and_the_slot_serves_the_next() {
        let engine = engine::new(1, engine::Reuse::default()).unwrap();
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
                let ended = ended.map_err(|error| outcome(&error, 1, true));
                let expected = expected.map(|message| {
                    Outcome::Trap(Trap {
                        code: TrapCode::HostPanicked,
                        message: message.to_owned(),
                        during: During::Run,
                    })
                });
                assert_eq!(ended.err(), expected);
                let certainty = expected.map(|outcome| outcome.fuel_certainty());
                assert_ne!(certainty, Some(Certainty::Exact));
            }
        }
    }
}
