//! Work that must not hold up the program: it has a time, and its panic is an error.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Does the work on a thread of its own. An error says why there is no result, as the end of a sentence.
pub(crate) fn within<T: Send + 'static>(
    time: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (sender, done) = channel();
    let spawned = thread::Builder::new().spawn(move || {
        // Nobody may wait any more.
        let _ = sender.send(work());
    });
    spawned.map_err(|error| format!("a thread cannot be started: {error}"))?;
    done.recv_timeout(time).map_err(|error| match error {
        RecvTimeoutError::Timeout => format!("it takes more than {} seconds", time.as_secs()),
        RecvTimeoutError::Disconnected => "the engine panicked".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::within;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn work_ends_with_a_result_its_panic_or_its_time() {
        assert_eq!(within(LONG, || 7), Ok(7));
        let panicked: Result<(), String> = within(LONG, || panic!("as the test wants it"));
        assert_eq!(panicked, Err("the engine panicked".to_owned()));
        let (_open, never) = channel::<()>();
        let late = within(Duration::ZERO, move || never.recv().is_ok());
        assert_eq!(late, Err("it takes more than 0 seconds".to_owned()));
    }
}
