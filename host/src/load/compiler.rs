//! Bounds the wall-clock time of compiling, and the number of components that are compiled at once.
//!
//! Cranelift cannot be interrupted. So compiling happens on threads of its own, and the caller gets an error when
//! the time is up. The compilation then goes on until it ends. Until then it keeps one of the few places, so that
//! such compilations cannot pile up, and it holds no thread that others need. `compile_fit` bounds how long that
//! is.
//!
//! A child process could be killed instead. But the host would have to find its program, start it for each
//! component (which takes as long as compiling a small one) and trust the code that it returns. Its memory limit,
//! as address space, would have to be told apart from what each pool reserves.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use fractalaw_report::Refusal;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::error::{HostError, LoadError};
use crate::limits::{
    COMPILE_STACK_BYTES, COMPILE_THREADS, COMPILE_TIME, COMPILE_TIME_PER_MIB, COMPILES,
};

/// Compiles for one host.
pub(crate) struct Compiler {
    /// `None` for a limit that follows from the size of the component.
    limit: Option<Duration>,
    places: Arc<Places>,
}

impl Compiler {
    pub(crate) fn new(limit: Option<Duration>) -> Compiler {
        Compiler {
            limit,
            places: Arc::default(),
        }
    }

    /// Compiles a component. The error says whether Wasmtime refused it, it took too long, or the compiler
    /// panicked.
    pub(crate) fn compile(&self, engine: &Engine, bytes: Vec<u8>) -> Result<Component, LoadError> {
        let engine = engine.clone();
        let limit = self.limit.unwrap_or_else(|| limit_by_size(bytes.len()));
        self.work(limit, move || Component::from_binary(&engine, &bytes))
    }

    fn work<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce() -> wasmtime::Result<T> + Send + 'static,
    ) -> Result<T, LoadError> {
        let until = Instant::now().checked_add(limit);
        let place = self
            .places
            .take(until)
            .ok_or(Refusal::CompilersBusy { limit })?;
        let (say, said) = mpsc::sync_channel(1);
        // A thread pool of its own. In a shared pool, a compilation that was given up would delay later ones.
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
            // The caller may have given up.
            let _ = say.send(done);
        });
        // The threads of the pool end when the work has ended.
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

/// How long compiling a component of so many bytes may take.
fn limit_by_size(bytes: usize) -> Duration {
    let of_mib = COMPILE_TIME_PER_MIB.as_millis() as u64;
    let by_size = (bytes as u64).saturating_mul(of_mib) / (1024 * 1024);
    COMPILE_TIME.max(Duration::from_millis(by_size))
}

/// The number of components that are being compiled.
#[derive(Default)]
struct Places {
    taken: Mutex<usize>,
    freed: Condvar,
}

impl Places {
    /// Waits for a place, at most until that time.
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

/// A place, given back when it is dropped.
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
        let compiler = Compiler::new(None);
        let (go, wait) = mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        for _ in 0..COMPILES {
            let wait = Arc::clone(&wait);
            let work = move || Ok(wait.lock().unwrap().recv().ok());
            assert_eq!(
                refusal(compiler.work(limit, work)),
                Refusal::CompileTime { limit }
            );
        }
        let busy = refusal(compiler.work(limit, || Ok(())));
        assert_eq!(busy, Refusal::CompilersBusy { limit });
        // All compilations that were given up end, and then others have places.
        drop(go);
        compiler.work(Duration::MAX, || Ok(())).unwrap();
    }

    #[test]
    fn a_compiler_that_panics_is_a_refusal_and_the_next_one_compiles() {
        let (compiler, limit) = (Compiler::new(None), Duration::MAX);
        for _ in 0..2 * COMPILES {
            let failed = compiler.work::<()>(limit, || panic!("as Cranelift might"));
            assert_eq!(refusal(failed), Refusal::CompilerFailed);
        }
        compiler.work(limit, || Ok(())).unwrap();
    }

    #[test]
    fn a_large_component_has_more_time() {
        let mib = 1024 * 1024;
        for (bytes, seconds) in [(0, 60), (15 * mib, 60), (16 * mib, 64), (34 * mib, 136)] {
            assert_eq!(
                limit_by_size(bytes),
                Duration::from_secs(seconds),
                "{bytes}"
            );
        }
    }
}
