//! `wasi:clocks`: the system's clocks, or in a deterministic run virtual ones, which move on only when the guest
//! waits.

use wasmtime_wasi::clocks::WasiClocksView;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};

use super::offering::offer;
use super::timers;
use crate::offer::payload::fixed;
use crate::offer::state::RunState;

offer! {
    "wasi:clocks/monotonic-clock@0.2.12", state => state.clocks();
        sync "now"() -> value = CLOCK, monotonic_clock::Host::now;
        sync "resolution"() -> value = CLOCK, monotonic_clock::Host::resolution;
    "wasi:clocks/monotonic-clock@0.2.12", state => state;
        sync "subscribe-instant"(when) -> value = HANDLE, timers::subscribe_instant;
        sync "subscribe-duration"(when) -> value = HANDLE, timers::subscribe_duration;
    "wasi:clocks/wall-clock@0.2.12", state => state.clocks();
        sync "now"() -> value = CLOCK, wall_clock::Host::now;
        sync "resolution"() -> value = CLOCK, wall_clock::Host::resolution;
}

fixed!(Datetime => 12);
