//! The thread that advances the engine's epoch, so that running guests check their deadline.

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
        // The thread allocates nothing. An allocator would map an arena for it, which costs a process that runs
        // one guest more than the thread itself.
        let thread = thread::Builder::new()
            .name("epoch-ticker".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    thread::park_timeout(TICK);
                    let Some(engine) = engine.upgrade() else {
                        break;
                    };
                    // If it is woken early, it ticks once too often. A guest then checks the clock and goes on.
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
            // The thread only ticks, so it cannot have panicked.
            let _ = thread.join();
        }
    }
}
