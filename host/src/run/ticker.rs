//! The one thread that moves the engine's epoch on, so that running guests look at their deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use wasmtime::Engine;

use crate::error::HostError;
use crate::limits::TICK;

/// Ticks until it is dropped.
pub(crate) struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> Result<Ticker, HostError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (engine.weak(), Arc::clone(&stop));
        // The thread allocates nothing: an allocator would map an arena for it, which costs a process that
        // runs one guest more than the thread itself.
        let thread = thread::Builder::new()
            .name("epoch-ticker".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    thread::park_timeout(TICK);
                    let Some(engine) = engine.upgrade() else {
                        break;
                    };
                    // Woken early, it ticks once too often: a guest then looks at the clock and goes on.
                    engine.increment_epoch();
                }
            })
            .map_err(|source| HostError::Start {
                what: "the epoch ticker",
                source,
            })?;
        Ok(Ticker {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // The thread only ticks: it cannot have panicked.
            let _ = thread.join();
        }
    }
}
