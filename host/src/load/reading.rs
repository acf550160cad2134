//! Runs everything that reads a component on a thread with a large enough stack for the bounds on nesting,
//! however small the caller's stack is. A stack overflow would end the process with every run in it.

use std::thread;

use fractalaw_report::Refusal;
use tokio::sync::oneshot;

use crate::error::{HostError, LoadError};
use crate::limits::COMPILE_STACK_BYTES;

/// Does the work and waits for it. A panic is a parser's, and becomes a refusal.
pub(crate) fn on_its_stack<T: Send, E: Into<LoadError> + Send>(
    work: impl FnOnce() -> Result<T, E> + Send,
) -> Result<T, LoadError> {
    thread::scope(|scope| {
        let reader = builder().spawn_scoped(scope, work).map_err(not_started)?;
        match reader.join() {
            Ok(done) => done.map_err(Into::into),
            Err(_) => Err(Refusal::CompilerFailed.into()),
        }
    })
}

/// Does the work on another thread and returns its result. The caller may give up earlier.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    let (say, said) = oneshot::channel();
    let started = builder().spawn(move || {
        // The caller may have given up.
        let _ = say.send(work());
    });
    started.map_err(not_started)?;
    // If the work panicked, there is no answer.
    said.await.unwrap_or(Err(Refusal::CompilerFailed.into()))
}

fn builder() -> thread::Builder {
    thread::Builder::new()
        .name("reader".to_owned())
        .stack_size(COMPILE_STACK_BYTES)
}

fn not_started(source: std::io::Error) -> HostError {
    HostError::Start {
        what: "the thread that reads a component",
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_panics_is_a_refusal() {
        let failed = on_its_stack(|| -> Result<(), Refusal> { panic!("as a parser might") });
        assert!(matches!(
            failed,
            Err(LoadError::Refused(Refusal::CompilerFailed))
        ));
    }
}
