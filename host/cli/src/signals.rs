//! What a run does when its process is told to end. It may finish, and is cut off after a while. Either way it
//! has a report, and the ledger has its closing.

use std::io;
use std::time::Duration;

use fractalaw_host::Host;
use tokio::select;
use tokio::time::sleep;

use crate::printing;

/// Runs to the end, or until the process is told to end and the grace period is over.
pub(crate) async fn until_told<T>(
    host: &Host,
    grace: Duration,
    run: impl Future<Output = T>,
) -> io::Result<T> {
    let mut told = Told::new()?;
    let mut run = std::pin::pin!(run);
    select! {
        biased;
        ended = &mut run => return Ok(ended),
        () = told.again() => {}
    }
    let grace_text = humantime::format_duration(grace);
    printing::note(format_args!(
        "told to end: the run has {grace_text}, and a second signal cuts it off at once"
    ));
    select! {
        biased;
        ended = &mut run => return Ok(ended),
        () = sleep(grace) => {}
        () = told.again() => {}
    }
    host.stop();
    Ok(run.await)
}

/// The signals that ask a process to end.
#[cfg(unix)]
struct Told {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Told {
    fn new() -> io::Result<Told> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Told {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn again(&mut self) {
        select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Told;

#[cfg(not(unix))]
impl Told {
    fn new() -> io::Result<Told> {
        Ok(Told)
    }

    async fn again(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
