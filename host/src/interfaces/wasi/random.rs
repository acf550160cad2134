//! `wasi:random`: the system's, or in a deterministic run seeded.

use wasmtime::component::Linker;
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::random::WasiRandomView;

use crate::interfaces::RunState;
use crate::interfaces::offer::offer;

pub(super) fn add_to_linker(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    offer! { linker, "wasi:random/random@0.2.12", state => WasiRandomView::random(state);
        sync "get-random-bytes"(len) asks len -> value = RANDOM, random::Host::get_random_bytes;
        sync "get-random-u64"() -> value = RANDOM, random::Host::get_random_u64;
    }
    offer! { linker, "wasi:random/insecure@0.2.12", state => WasiRandomView::random(state);
        sync "get-insecure-random-bytes"(len) asks len -> value = RANDOM, insecure::Host::get_insecure_random_bytes;
        sync "get-insecure-random-u64"() -> value = RANDOM, insecure::Host::get_insecure_random_u64;
    }
    offer! { linker, "wasi:random/insecure-seed@0.2.12", state => WasiRandomView::random(state);
        sync "insecure-seed"() -> value = RANDOM, insecure_seed::Host::insecure_seed;
    }
    Ok(())
}
