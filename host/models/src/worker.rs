//! A thread for each model. It answers one request after the other, so that a model's memory has a bound.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use anyhow::Context;
use tokio::sync::oneshot;

use crate::failed::Failed;
use crate::limits::WAITING_REQUESTS;

/// A model that is ready to be asked. A question changes nothing in it.
pub(crate) trait Ready: Send + 'static {
    type Question: Send;
    type Answer: Send;

    /// Answers. Between two steps it looks whether anybody still waits.
    fn answer(
        &self,
        question: &Self::Question,
        is_awaited: &dyn Fn() -> bool,
    ) -> Result<Self::Answer, Failed>;
}

/// What the thread is asked, and where the answer goes.
struct Job<M: Ready> {
    question: M::Question,
    answer: oneshot::Sender<Result<M::Answer, Failed>>,
}

/// The way to a model's thread.
pub(crate) struct Worker<M: Ready> {
    jobs: SyncSender<Job<M>>,
}

/// As many requests wait for the model as may wait.
#[derive(Debug)]
pub(crate) struct Busy;

impl<M: Ready> Worker<M> {
    /// Starts the thread. It ends when the worker is dropped.
    pub(crate) fn start(name: &str, model: M) -> anyhow::Result<Worker<M>> {
        let (sender, jobs) = sync_channel(WAITING_REQUESTS);
        thread::Builder::new()
            .name(format!("model {name}"))
            .spawn(move || work(&model, &jobs))
            .context("cannot start a thread")?;
        Ok(Worker { jobs: sender })
    }

    /// Asks the model. If the caller stops waiting, the model stops after the step that it is at.
    pub(crate) async fn ask(
        &self,
        question: M::Question,
    ) -> Result<Result<M::Answer, Failed>, Busy> {
        let (answer, answered) = oneshot::channel();
        match self.jobs.try_send(Job { question, answer }) {
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

fn work<M: Ready>(model: &M, jobs: &Receiver<Job<M>>) {
    for Job { question, answer } in jobs {
        // The client left while the request waited.
        if answer.is_closed() {
            continue;
        }
        let answered = catch_unwind(AssertUnwindSafe(|| {
            model.answer(&question, &|| !answer.is_closed())
        }));
        // An engine that panics has no state that a panic could leave broken: it is read only.
        let answered = answered.unwrap_or_else(|_| Err(Failed::Engine("it panicked".to_owned())));
        if let Err(Failed::Engine(why)) = &answered {
            eprintln!("error: the engine failed: {why}");
        }
        // Nobody may wait any more.
        let _ = answer.send(answered);
    }
}

#[cfg(test)]
mod tests {
    use super::{Failed, Ready, Worker};

    /// Panics if it is asked for nothing.
    struct Divides;

    impl Ready for Divides {
        type Question = u32;
        type Answer = u32;

        fn answer(&self, question: &u32, _: &dyn Fn() -> bool) -> Result<u32, Failed> {
            Ok(100 / question)
        }
    }

    #[test]
    fn a_panic_is_an_error_of_one_question() {
        let worker = Worker::start("divides", Divides).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let ask = |question| runtime.block_on(worker.ask(question)).unwrap();
        for _ in 0..3 {
            assert_eq!(ask(0), Err(Failed::Engine("it panicked".to_owned())));
            assert_eq!(ask(4), Ok(25));
        }
    }
}
