//! `wasi:clocks`: the system's, or in a deterministic run virtual ones, which waiting moves on.

use wasmtime::component::Linker;
use wasmtime_wasi::clocks::WasiClocksView;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};

use super::timers;
use crate::offer::charge::offer;
use crate::offer::payload::fixed;
use crate::offer::state::RunState;

pub(super) fn add_to_linker(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    offer! { linker, "wasi:clocks/monotonic-clock@0.2.12", state => state.clocks();
        sync "now"() -> value = CLOCK, monotonic_clock::Host::now;
        sync "resolution"() -> value = CLOCK, monotonic_clock::Host::resolution;
    }
    offer! { linker, "wasi:clocks/monotonic-clock@0.2.12", state => state;
        sync "subscribe-instant"(when) -> value = HANDLE, timers::subscribe_instant;
        sync "subscribe-duration"(when) -> value = HANDLE, timers::subscribe_duration;
    }
    offer! { linker, "wasi:clocks/wall-clock@0.2.12", state => state.clocks();
        sync "now"() -> value = CLOCK, wall_clock::Host::now;
        sync "resolution"() -> value = CLOCK, wall_clock::Host::resolution;
    }
    Ok(())
}

fixed!(Datetime => 12);
