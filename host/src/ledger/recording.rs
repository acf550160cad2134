//! One run in the ledger, from its opening to its closing. The ledger answers after writing to disk. Openings and closings
//! wait for it without a thread. An entry that is recorded at once waits on a thread where waiting is allowed.

use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fractalaw_ledger::{
    Closing, Deeds, Durability, Event, Ledger, LedgerError, Opening, RunHandle, now_unix_ns,
};
use fractalaw_report::{AuditEntry, Report};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::blocking::on_a_thread;
use crate::error::HostError;
use crate::ledger;
use crate::ledger::verdicts::{self, Verdict};

/// The ledger of a host.
pub(crate) struct Recorded {
    pub(crate) ledger: Ledger,
    pub(crate) durability: Durability,
    /// Where the ledger is, for other hosts.
    path: Option<String>,
}

impl Recorded {
    pub(crate) fn new(ledger: Ledger, durability: Durability) -> Recorded {
        let path = fs::canonicalize(ledger.path()).ok();
        Recorded {
            path: path.and_then(|path| path.into_os_string().into_string().ok()),
            ledger,
            durability,
        }
    }
}

/// What is known of a run whose closing could not be recorded. If the ledger was locked or the disk was full, nothing was
/// written. Otherwise the closing may be in the ledger all the same.
pub(crate) fn verdict_without(error: &HostError) -> Verdict {
    match error {
        HostError::NotAcknowledged(LedgerError::Locked { .. } | LedgerError::Full { .. }) => {
            Verdict::NotCompleted
        }
        _ => Verdict::Unknown,
    }
}

/// What is done when this is dropped. A runtime that shuts down drops what it was given and does not call it. What the
/// closing of a run says must be done also then.
struct InAnyCase<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> InAnyCase<F> {
    fn new(work: F) -> InAnyCase<F> {
        InAnyCase(Some(work))
    }
}

impl<F: FnOnce()> Drop for InAnyCase<F> {
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            work();
        }
    }
}

/// A run that was opened. If it is dropped without being closed, the run is cut off in the ledger.
#[derive(Clone)]
pub(crate) struct Recording {
    /// Locked only on threads where waiting is allowed. If a guest is cut off while its entry is being written,
    /// the writing goes on, and closing waits for it here.
    open: Arc<Mutex<OpenRun>>,
    durability: Durability,
    identity: Arc<str>,
    run_number: u64,
}

struct OpenRun {
    handle: Option<RunHandle>,
    failed: Option<LedgerError>,
}

impl OpenRun {
    /// The handle, to close the run with, unless an entry could not be recorded.
    fn take(&mut self) -> Result<Option<RunHandle>, LedgerError> {
        let handle = self.handle.take();
        self.failed.take().map_or(Ok(handle), Err)
    }
}

fn lock(open: &Mutex<OpenRun>) -> MutexGuard<'_, OpenRun> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recording {
    /// Records the opening of a run. It is on disk when this returns.
    pub(crate) async fn open(
        recorded: &Recorded,
        opening: Opening,
    ) -> Result<Recording, HostError> {
        let ledger = &recorded.ledger;
        let ledger_id = ledger.identity().ledger_id;
        let (answer, opened) = oneshot::channel();
        ledger.begin_run_then(&opening, now_unix_ns(), move |opened| {
            // A caller that went away does not need the answer.
            let _ = answer.send(opened);
        });
        let handle = opened.await.expect("the ledger answers in any case")?;
        let run_number = handle.run_id();
        Ok(Recording {
            identity: verdicts::identity(ledger_id, run_number, recorded.path.as_deref()).into(),
            run_number,
            open: Arc::new(Mutex::new(OpenRun {
                handle: Some(handle),
                failed: None,
            })),
            durability: recorded.durability,
        })
    }

    /// Whether the guest must wait for each of its entries.
    pub(crate) fn is_live(&self) -> bool {
        self.durability == Durability::Entry
    }

    /// The run's identity in the ledger.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// The run's number in the ledger.
    pub(crate) fn run_number(&self) -> u64 {
        self.run_number
    }

    /// Records one entry. It is on disk when this returns. If this fails, closing fails too.
    pub(crate) async fn record(&self, entry: &AuditEntry) -> wasmtime::Result<()> {
        let event = ledger::event(entry);
        self.locked(move |open| {
            let recorded = match &mut open.handle {
                Some(handle) => handle.record(event),
                None => Ok(()),
            };
            recorded.inspect_err(|error| open.failed = Some(error.clone()))
        })
        .await
        .map_err(wasmtime::Error::from)
    }

    /// Records how the run ended, with its entries if they are not recorded yet. They are on disk when this
    /// returns. Then it calls `then` with whether that succeeded. Both are done even if nobody waits for them any
    /// more.
    pub(crate) async fn close<T: Send + 'static>(
        self,
        report: &Report,
        deeds: Vec<(&str, Deeds)>,
        waits: bool,
        then: impl FnOnce(Result<(), HostError>) -> T + Send + 'static,
    ) -> T {
        let closing = ledger::closing(report, deeds);
        self.finish(&report.audit, closing, waits, then).await
    }

    /// Records that the host could not carry the run out, and the entries that the guest had recorded.
    pub(crate) async fn close_failed(self, made: &[AuditEntry], closing: Closing) {
        // The caller reports the first error. If this fails too, the run stays cut off in the ledger.
        let _ = self.finish(made, closing, false, |closed| closed).await;
    }

    async fn finish<T: Send + 'static>(
        self,
        made: &[AuditEntry],
        closing: Closing,
        waits: bool,
        then: impl FnOnce(Result<(), HostError>) -> T + Send + 'static,
    ) -> T {
        let events: Vec<Event> = match self.durability {
            // They are there already.
            Durability::Entry => Vec::new(),
            _ => made.iter().map(ledger::event).collect(),
        };
        if self.is_live() {
            // A recording of the last entry may go on.
            let finish = move |open: &mut OpenRun| {
                let closed = match open.take() {
                    Ok(Some(handle)) => handle.finish(events, &closing, now_unix_ns()),
                    other => other.map(drop),
                };
                then(closed.map_err(HostError::NotAcknowledged))
            };
            return self.locked(finish).await;
        }
        let handle = lock(&self.open).take();
        let (answer, closed) = oneshot::channel();
        let runtime = Handle::current();
        let then = move |closed: Result<(), LedgerError>| {
            let closed = closed.map_err(HostError::NotAcknowledged);
            // A caller that went away does not need the answer.
            let end = InAnyCase::new(move || drop(answer.send(then(closed))));
            match waits {
                true => drop(runtime.spawn_blocking(move || drop(end))),
                false => drop(end),
            }
        };
        match handle {
            Ok(Some(handle)) => handle.finish_then(events, &closing, now_unix_ns(), then),
            other => then(other.map(drop)),
        }
        match closed.await {
            Ok(closed) => closed,
            // The runtime is shutting down, and this task with it.
            Err(_) => std::future::pending().await,
        }
    }

    async fn locked<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut OpenRun) -> T + Send + 'static,
    ) -> T {
        let open = Arc::clone(&self.open);
        on_a_thread(move || work(&mut lock(&open))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_surely_not_written_has_not_completed() {
        let path = std::path::PathBuf::from("audit.ledger");
        let waited = std::time::Duration::ZERO;
        let cases = [
            (
                LedgerError::Full { path: path.clone() },
                Verdict::NotCompleted,
            ),
            (
                LedgerError::Locked {
                    path: path.clone(),
                    waited,
                },
                Verdict::NotCompleted,
            ),
            (
                LedgerError::NotWritten { path: path.clone() },
                Verdict::Unknown,
            ),
            (LedgerError::NoWriter { path }, Verdict::Unknown),
        ];
        for (error, verdict) in cases {
            let said = error.to_string();
            let error = HostError::NotAcknowledged(error);
            assert_eq!(verdict_without(&error), verdict, "{said}");
        }
    }
}
