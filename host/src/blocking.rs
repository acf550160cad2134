//! Runs work that waits, for example for a disk, on threads where waiting is allowed.

use tokio::task::spawn_blocking;

/// Does the work on another thread. Work that has begun is finished, even if nobody waits for it any more.
pub(crate) async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and this task with it.
            Err(_) => std::future::pending().await,
        },
    }
}
