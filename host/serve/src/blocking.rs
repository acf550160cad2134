//! Work that waits for the disk, beside the async runtime.

use tokio::task::spawn_blocking;

/// Does the work on a thread where waiting is allowed. A panic goes on here.
pub(crate) async fn blocking<T: Send + 'static, E: Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
