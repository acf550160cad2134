//! The thread that advances the engines' epochs, so that running guests check their deadline.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use wasmtime::{Engine, EngineWeak};

use crate::error::HostError;
use crate::limits::TICK;

/// Ticks until it is dropped.
pub(crate) struct Ticker {
    stop: Arc<AtomicBool>,
    engines: Arc<Mutex<Vec<EngineWeak>>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> Result<Ticker, HostError> {
        let stop = Arc::new(AtomicBool::new(false));
        let engines = Arc::new(Mutex::new(vec![engine.weak()]));
        let (ticking, stopped) = (Arc::clone(&engines), Arc::clone(&stop));
        // The thread allocates nothing. An allocator would map an arena for it, which costs a process that runs
        // one guest more than the thread itself.
        let thread = thread::Builder::new()
            .name("epoch-ticker".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    thread::park_timeout(TICK);
                    let engines = ticking.lock().unwrap_or_else(PoisonError::into_inner);
                    // If it is woken early, it ticks once too often. A guest then checks the clock and goes on.
                    for engine in engines.iter().filter_map(EngineWeak::upgrade) {
                        engine.increment_epoch();
                    }
                }
            })
            .map_err(|source| HostError::Start {
                what: "the epoch ticker",
                source,
            })?;
        Ok(Ticker {
            stop,
            engines,
            thread: Some(thread),
        })
    }

    /// Ticks for this engine too.
    pub(crate) fn add(&self, engine: &Engine) {
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        engines.push(engine.weak());
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
