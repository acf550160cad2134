//! Whatever reads what a guest's build has made happens on a thread whose stack fits the bounds on nesting: parser, encoder
//! and validator call themselves for each level, and a stack that overflows ends the process.

use std::thread;

use anyhow::{Context, Result};
use fractalaw_contract::limits::COMPILE_STACK_BYTES;

use crate::fault::guest as fault;

/// Does the work and waits for it. A panic is one of a parser's, and the guest's fault.
pub(crate) fn on_its_stack<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let reader = thread::Builder::new()
            .name("reader".to_owned())
            .stack_size(COMPILE_STACK_BYTES)
            .spawn_scoped(scope, work)
            .context("cannot start the thread that reads what was built")?;
        reader
            .join()
            .unwrap_or_else(|_| Err(fault("the tools that read WebAssembly failed on it").into()))
    })
}
