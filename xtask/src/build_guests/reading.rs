//! Reads the outputs of a guest's build on a thread with a large enough stack for the bounds on nesting. Parser,
//! encoder and validator call themselves for each level, and a stack overflow would end the process.

use std::thread;

use anyhow::{Context, Result};
use fractalaw_contract::limits::COMPILE_STACK_BYTES;

use crate::fault::guest as fault;

/// Does the work and waits for it. A panic is a parser's, and the guest is at fault.
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
