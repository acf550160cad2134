//! The one thread that moves the engine's epoch on, so that running guests look at their deadline.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};

use wasmtime::Engine;

use crate::error::HostError;
use crate::limits::TICK;

/// Ticks until it is dropped.
pub(crate) struct Ticker {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> Result<Ticker, HostError> {
        let (stop, stopped) = mpsc::channel();
        let engine = engine.weak();
        let thread = thread::Builder::new()
            .name("epoch-ticker".to_owned())
            .spawn(move || {
                while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(TICK) {
                    let Some(engine) = engine.upgrade() else {
                        break;
                    };
                    engine.increment_epoch();
                }
            })
            .map_err(|source| HostError::Start {
                what: "the epoch ticker",
                source,
            })?;
        Ok(Ticker {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread only ticks: it cannot have panicked.
            let _ = thread.join();
        }
    }
}
