//! The compiler held to a wall-clock time, and to so many components at once.
//!
//! Cranelift cannot be interrupted, so compiling happens on threads of its own, and whoever waits is told
//! when the time is up. What was given up goes on until it ends: it keeps one of the few places, so that
//! what is given up cannot pile up, and no thread that others need. `compile_fit` bounds how long that is.
//!
//! A process of its own could be killed instead. It would have to be found, started for each component (the
//! time of a small one), and trusted with code that this process then executes; and its bound on memory, as
//! address space, would have to be told apart from what each pool reserves.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use fractalaw_report::Refusal;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::error::{HostError, LoadError};
use crate::limits::{COMPILE_STACK_BYTES, COMPILE_THREADS, COMPILES};

/// Compiles for one host.
pub(crate) struct Compiler {
    limit: Duration,
    places: Arc<Places>,
}

impl Compiler {
    pub(crate) fn new(limit: Duration) -> Compiler {
        Compiler {
            limit,
            places: Arc::default(),
        }
    }

    /// Compiles, or says why not: what Wasmtime refuses, what takes too long, and what makes it panic.
    pub(crate) fn compile(&self, engine: &Engine, bytes: Vec<u8>) -> Result<Component, LoadError> {
        let engine = engine.clone();
        self.work(move || Component::from_binary(&engine, &bytes))
    }

    fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> wasmtime::Result<T> + Send + 'static,
    ) -> Result<T, LoadError> {
        let limit = self.limit;
        let until = Instant::now().checked_add(limit);
        let place = self
            .places
            .take(until)
            .ok_or(Refusal::CompilersBusy { limit })?;
        let (say, said) = mpsc::sync_channel(1);
        // A pool of its own: in the one that all share, what was given up would stand before what comes after.
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(
                thread::available_parallelism().map_or(1, |n| n.get().min(COMPILE_THREADS)),
            )
            .stack_size(COMPILE_STACK_BYTES)
            .thread_name(|i| format!("compiler-{i}"))
            .build()
            .map_err(|error| HostError::Start {
                what: "the compiler's threads",
                source: std::io::Error::other(error),
            })?;
        pool.spawn(move || {
            let _place = place;
            let done = panic::catch_unwind(AssertUnwindSafe(work));
            // Nobody may be waiting any more.
            let _ = say.send(done);
        });
        // Its threads end when the work has.
        drop(pool);
        let done = match until {
            Some(until) => said.recv_timeout(until.saturating_duration_since(Instant::now())),
            None => said.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match done {
            Ok(Ok(Ok(compiled))) => Ok(compiled),
            Ok(Ok(Err(error))) => Err(Refusal::not_compiled(format!("{error:#}")).into()),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(Refusal::CompilerFailed.into()),
            Err(RecvTimeoutError::Timeout) => Err(Refusal::CompileTime { limit }.into()),
        }
    }
}

/// How many components are being compiled.
#[derive(Default)]
struct Places {
    taken: Mutex<usize>,
    freed: Condvar,
}

impl Places {
    /// Waits for a place, until that time at most.
    fn take(self: &Arc<Places>, until: Option<Instant>) -> Option<Place> {
        let mut taken = self.lock();
        while *taken >= COMPILES {
            taken = match until {
                None => self
                    .freed
                    .wait(taken)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.checked_duration_since(Instant::now())?;
                    let waited = self.freed.wait_timeout(taken, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        *taken += 1;
        Some(Place(Arc::clone(self)))
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Given back when dropped.
struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T>(result: Result<T, LoadError>) -> Refusal {
        match result {
            Err(LoadError::Refused(refusal)) => refusal,
            Err(LoadError::Host(error)) => panic!("{error}"),
            Ok(_) => panic!("it was done"),
        }
    }

    #[test]
    fn what_takes_too_long_is_given_up_keeps_its_place_and_gives_it_back_at_its_end() {
        let limit = Duration::ZERO;
        let hurried = Compiler::new(limit);
        let (go, wait) = mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        for _ in 0..COMPILES {
            let wait = Arc::clone(&wait);
            let work = move || Ok(wait.lock().unwrap().recv().ok());
            assert_eq!(refusal(hurried.work(work)), Refusal::CompileTime { limit });
        }
        let busy = refusal(hurried.work(|| Ok(())));
        assert_eq!(busy, Refusal::CompilersBusy { limit });
        // All that were given up come to their end, and there is place for others.
        drop(go);
        let patient = Compiler {
            limit: Duration::MAX,
            places: hurried.places,
        };
        patient.work(|| Ok(())).unwrap();
    }

    #[test]
    fn a_compiler_that_panics_is_a_refusal_and_the_next_one_compiles() {
        let compiler = Compiler::new(Duration::MAX);
        for _ in 0..2 * COMPILES {
            let failed = compiler.work::<()>(|| panic!("as Cranelift might"));
            assert_eq!(refusal(failed), Refusal::CompilerFailed);
        }
        compiler.work(|| Ok(())).unwrap();
    }
}
