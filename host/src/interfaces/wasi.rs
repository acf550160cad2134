//! WASI 0.2, with nothing ambient: a guest reaches what its grants name and nothing else.

mod cli;
mod clocks;
pub(crate) mod descriptors;
mod directory_order;
mod file_metadata;
mod file_streams;
mod filesystem;
mod identity;
mod io;
pub(crate) mod opening;
mod paths;
mod random;
mod sockets;
mod streams;
pub(crate) mod timers;

use wasmtime::component::Linker;
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;

use crate::inputs::Grants;
use crate::limits::RANDOM_BYTES;
use crate::offer::capture::Capture;
use crate::offer::determinism::{Determinism, VirtualTime};
use crate::offer::state::RunState;

pub(crate) fn add_to_linker(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    io::add_to_linker(linker)?;
    cli::add_to_linker(linker)?;
    clocks::add_to_linker(linker)?;
    filesystem::add_to_linker(linker)?;
    random::add_to_linker(linker)?;
    sockets::add_to_linker(linker)
}

/// The context of one run: what was granted but for folders, and captured output. In front of the arguments is the
/// program's name, as every C library expects.
pub(crate) fn context(
    (name, grants): (&str, &Grants),
    (determinism, time): (Determinism, Option<&VirtualTime>),
    stdout: &Capture,
    stderr: &Capture,
) -> WasiCtx {
    let mut context = WasiCtx::builder();
    context
        .arg(name)
        .args(&grants.args)
        .envs(&grants.env)
        .stdout(stdout.clone())
        .stderr(stderr.clone())
        .max_random_size(RANDOM_BYTES);
    if let Some(stdin) = &grants.stdin {
        context.stdin(MemoryInputPipe::new(stdin.clone()));
    }
    determinism.apply(&mut context, time);
    context.build()
}
