//! Whatever reads a component happens on a thread whose stack fits the bounds on nesting, however small the stack of
//! whoever asks for it is. A stack that overflows ends the process, with every run in it.

use std::thread;

use fractalaw_report::Refusal;
use tokio::sync::oneshot;

use crate::error::{HostError, LoadError};
use crate::limits::COMPILE_STACK_BYTES;

/// Does the work and waits for it. A panic is one of a parser's, and a refusal.
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

/// Does the work while others go on, and gives its end to who waits. Nobody need wait until then.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    let (say, said) = oneshot::channel();
    let started = builder().spawn(move || {
        // Nobody may be waiting any more.
        let _ = say.send(work());
    });
    started.map_err(not_started)?;
    // Of one that panics, nothing is said.
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
