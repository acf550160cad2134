//! A thread for each model. It answers one request after the other, so that a model takes one core and its memory has a bound.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use anyhow::Context;
use tokio::sync::oneshot;

use crate::embedder::{Embedded, Embedder, Failed};
use crate::limits::WAITING_REQUESTS;

/// What the thread is asked, and where the answer goes.
struct Job {
    texts: Vec<String>,
    answer: oneshot::Sender<Result<Embedded, Failed>>,
}

/// The way to a model's thread.
pub(crate) struct Worker {
    jobs: SyncSender<Job>,
}

/// As many requests wait for the model as may wait.
#[derive(Debug)]
pub(crate) struct Busy;

impl Worker {
    /// Starts the thread. It ends when the worker is dropped.
    pub(crate) fn start(name: &str, embedder: Embedder) -> anyhow::Result<Worker> {
        let (sender, jobs) = sync_channel(WAITING_REQUESTS);
        thread::Builder::new()
            .name(format!("model {name}"))
            .spawn(move || work(&embedder, &jobs))
            .context("cannot start a thread")?;
        Ok(Worker { jobs: sender })
    }

    /// Asks the model. If the caller stops waiting, the model stops after the text that it is at.
    pub(crate) async fn embed(&self, texts: Vec<String>) -> Result<Result<Embedded, Failed>, Busy> {
        let (answer, answered) = oneshot::channel();
        match self.jobs.try_send(Job { texts, answer }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(Busy),
            Err(TrySendError::Disconnected(_)) => return Ok(Err(gone())),
        }
        Ok(answered.await.unwrap_or_else(|_| Err(gone())))
    }
}

fn gone() -> Failed {
    Failed::Engine("its thread has ended".to_owned())
}

fn work(embedder: &Embedder, jobs: &Receiver<Job>) {
    for Job { texts, answer } in jobs {
        // The client left while the request waited.
        if answer.is_closed() {
            continue;
        }
        let embedded = catch_unwind(AssertUnwindSafe(|| {
            embedder.embed(&texts, || !answer.is_closed())
        }));
        // An engine that panics has no state that a panic could leave broken: it is read only.
        let embedded = embedded.unwrap_or_else(|_| Err(Failed::Engine("it panicked".to_owned())));
        if let Err(Failed::Engine(why)) = &embedded {
            eprintln!("error: the engine failed: {why}");
        }
        // Nobody may wait any more.
        let _ = answer.send(embedded);
    }
}
