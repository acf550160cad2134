//! How long a connection may stay as it is: a client must read its answer in time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// The stage at which a connection is. A clone is the same stage.
#[derive(Clone)]
pub(super) struct Stage {
    until: Arc<watch::Sender<Option<Instant>>>,
}

impl Stage {
    /// A connection whose end is bounded elsewhere: by the time for a head.
    pub(super) fn new() -> Stage {
        Stage {
            until: Arc::new(watch::Sender::new(None)),
        }
    }

    /// A request is read or worked on: that is bounded elsewhere.
    pub(super) fn working(&self) {
        self.until.send_replace(None);
    }

    /// An answer is sent, and the next request may follow.
    pub(super) fn answered(&self, time: Duration) {
        self.until.send_replace(Some(Instant::now() + time));
    }

    /// Ends when the time of a stage is over.
    pub(super) async fn over(self) {
        let mut until = self.until.subscribe();
        loop {
            let at = *until.borrow_and_update();
            // The sender is ours, so waiting for a change does not fail.
            match at {
                Some(at) if timeout_at(at, until.changed()).await.is_err() => return,
                Some(_) => {}
                None => drop(until.changed().await),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Stage;

    #[test]
    fn only_the_time_for_an_answer_runs_out() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let stage = Stage::new();
            let is_over = async || {
                tokio::select! {
                    biased;
                    () = stage.clone().over() => true,
                    () = tokio::task::yield_now() => false,
                }
            };
            assert!(!is_over().await);
            stage.answered(Duration::from_secs(3600));
            assert!(!is_over().await);
            stage.answered(Duration::ZERO);
            stage.clone().over().await;
            stage.working();
            assert!(!is_over().await);
        });
    }
}
