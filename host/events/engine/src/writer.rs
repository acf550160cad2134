//! The thread that writes. It is the only one, so requests that wait share a transaction and its sync.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};

use crate::database::{Database, Sync};
use crate::error::EngineError;
use crate::ids::DeliveryId;
use crate::limits::{ARRIVAL_POLL, GROUP_BYTES, GROUP_REQUESTS};
use crate::room::Room;
use crate::store::Store;

/// Tells who waits how the transaction ended.
type Reply = Box<dyn FnOnce(Result<(), EngineError>) + Send>;

/// What a request does within the transaction.
type Work = Box<dyn FnOnce(&mut Store<'_>) -> Result<Reply, EngineError> + Send>;

enum Request {
    Work(Waiting),
    /// A claim was dropped.
    Drop(DeliveryId),
}

/// Work that somebody waits for.
struct Waiting {
    sync: Sync,
    bytes: u64,
    work: Work,
    /// Told instead of the work's own reply if the transaction fails before the work is done.
    failed: Reply,
}

/// A handle of the thread. When the last clone is dropped, the file is closed.
#[derive(Clone)]
pub(crate) struct Writer(Arc<WriterThread>);

struct WriterThread {
    /// `None` only while it ends.
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Writer {
    /// Starts the thread, which first does `begin`.
    pub(crate) fn start(
        database: Database,
        room: Room,
        begin: impl FnOnce(&mut Store<'_>) -> Result<(), EngineError> + Send + 'static,
    ) -> Result<Writer, EngineError> {
        let path = database.path.clone();
        let (requests, waiting) = channel();
        let (reply, begun) = channel();
        let work = move || {
            let mut store = Store::new(&database, room);
            let is_begun = begin(&mut store);
            let goes_on = is_begun.is_ok();
            if reply.send(is_begun).is_ok() && goes_on {
                write(&mut store, &waiting);
            }
        };
        let no_writer = || EngineError::NoWriter { path: path.clone() };
        let thread = thread::Builder::new()
            .name("events-writer".to_owned())
            .spawn(work)
            .map_err(|_| no_writer())?;
        let writer = Writer(Arc::new(WriterThread {
            requests: Some(requests),
            thread: Some(thread),
            path: path.clone(),
        }));
        begun.recv().map_err(|_| no_writer())??;
        Ok(writer)
    }

    fn gone(&self) -> EngineError {
        EngineError::NoWriter {
            path: self.0.path.clone(),
        }
    }

    /// Does the work in a transaction, and returns when that is committed. `bytes` is what it writes, about.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        sync: Sync,
        bytes: u64,
        work: impl FnOnce(&mut Store<'_>) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let (reply, answer) = channel();
        let other = reply.clone();
        let work: Work = Box::new(move |store| {
            let done = work(store)?;
            let reply: Reply = Box::new(move |ended| {
                // Whoever went away does not need the answer.
                let _ = reply.send(ended.map(|()| done));
            });
            Ok(reply)
        });
        let failed: Reply = Box::new(move |ended| {
            if let Err(error) = ended {
                let _ = other.send(Err(error));
            }
        });
        self.send(Request::Work(Waiting {
            sync,
            bytes,
            work,
            failed,
        }))?;
        answer.recv().map_err(|_| self.gone())?
    }

    /// Lets go of a claim with the next transaction.
    pub(crate) fn drop_claim(&self, id: DeliveryId) {
        // If the thread has ended, the next start does it.
        let _ = self.send(Request::Drop(id));
    }

    fn send(&self, request: Request) -> Result<(), EngineError> {
        let requests = self.0.requests.as_ref().ok_or_else(|| self.gone())?;
        requests.send(request).map_err(|_| self.gone())
    }
}

fn write(store: &mut Store<'_>, requests: &Receiver<Request>) {
    while let Ok(first) = wait(store, requests) {
        let Some(first) = first else {
            // It takes what has come. If it fails, it is tried again after the next wait.
            write_group(store, Vec::new());
            continue;
        };
        let mut next = Some(first);
        let (mut group, mut bytes) = (Vec::new(), 0);
        while let Some(request) = next.take() {
            match request {
                Request::Work(waiting) => {
                    bytes += waiting.bytes;
                    group.push(waiting);
                }
                Request::Drop(id) => store.drop_claim(id),
            }
            if group.len() < GROUP_REQUESTS && bytes < GROUP_BYTES {
                // This does not wait: while one transaction is written, the next group gathers.
                next = requests.try_recv().ok();
            }
        }
        if !group.is_empty() {
            write_group(store, group);
        }
    }
}

/// Waits for a request. `None` if another process has written something instead.
fn wait(
    store: &Store<'_>,
    requests: &Receiver<Request>,
) -> Result<Option<Request>, RecvTimeoutError> {
    if !store.is_in_set() {
        return requests.recv().map(Some).map_err(Into::into);
    }
    loop {
        match requests.recv_timeout(ARRIVAL_POLL) {
            Err(RecvTimeoutError::Timeout) if store.has_news() => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
            other => return other.map(Some),
        }
    }
}

fn write_group(store: &mut Store<'_>, group: Vec<Waiting>) {
    let must_sync = group.iter().any(|request| request.sync == Sync::Now);
    let sync = if must_sync { Sync::Now } else { Sync::Later };
    let mut replies: Vec<Reply> = Vec::with_capacity(group.len());
    let before = match store.begin(sync) {
        Ok(before) => before,
        Err(error) => {
            let failed = group.into_iter().map(|request| request.failed);
            return failed.for_each(|failed| failed(Err(error.clone())));
        }
    };
    let mut ended = Ok(());
    for request in group {
        if ended.is_err() {
            replies.push(request.failed);
            continue;
        }
        match (request.work)(store) {
            Ok(reply) => replies.push(reply),
            Err(error) => {
                ended = Err(error);
                replies.push(request.failed);
            }
        }
    }
    let ended = ended.and_then(|()| store.commit(&before));
    if ended.is_err() {
        store.roll_back(before);
    }
    for reply in replies {
        reply(ended.clone());
    }
}
