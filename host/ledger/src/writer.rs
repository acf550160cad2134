//! The thread that appends. It is the only one in its process, so that requests that wait share a transaction.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use crate::append::{Appended, append};
use crate::database::Database;
use crate::draft::Draft;
use crate::error::LedgerError;
use crate::key::LedgerKey;

/// The most that one transaction has: requests, and bytes of text, so that a transaction stays in memory.
const GROUP_REQUESTS: usize = 256;
const GROUP_BYTES: usize = 16 * 1024 * 1024;

/// A request to the thread.
enum Request {
    Append(Append),
    Settle(Sender<Result<(), LedgerError>>),
}

/// Drafts that are appended together, and who waits for them.
struct Append {
    drafts: Vec<Draft>,
    key: Option<LedgerKey>,
    answer: Answer,
}

/// What is called when the drafts are on disk or cannot be, on the writer's thread. It is called in any case.
struct Answer {
    /// `None` only when it was called.
    then: Option<Then>,
    path: PathBuf,
}

type Then = Box<dyn FnOnce(Result<Appended, LedgerError>) + Send>;

impl Answer {
    fn give(mut self, appended: Result<Appended, LedgerError>) {
        if let Some(then) = self.then.take() {
            call(then, appended);
        }
    }
}

/// A caller's function that panics must not end the thread: others wait for theirs, and the next ones could not append. The
/// panic was reported where it happened.
fn call(then: Then, appended: Result<Appended, LedgerError>) {
    let _ = catch_unwind(AssertUnwindSafe(|| then(appended)));
}

impl Drop for Answer {
    /// The thread has ended before it answered.
    fn drop(&mut self) {
        if let Some(then) = self.then.take() {
            let path = self.path.clone();
            call(then, Err(LedgerError::NoWriter { path }));
        }
    }
}

/// A handle of the thread. When the last clone is dropped, the file is closed, so that everything is in it and no
/// file is beside it.
#[derive(Clone)]
pub(crate) struct Writer(Arc<WriterThread>);

/// The writer's thread, and how to reach it.
struct WriterThread {
    /// `None` only while it ends.
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    node_id: String,
    path: PathBuf,
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take()
            // An answer may have held the last handle. Then the thread ends after it.
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl Writer {
    pub(crate) fn start(database: Database, node_id: String) -> Result<Writer, LedgerError> {
        let (requests, waiting) = channel();
        let path = database.path.clone();
        let node = node_id.clone();
        let thread = thread::Builder::new()
            .name("ledger-writer".to_owned())
            .spawn(move || write(database, &node, &waiting))
            .map_err(|_| LedgerError::NoWriter { path: path.clone() })?;
        Ok(Writer(Arc::new(WriterThread {
            requests: Some(requests),
            thread: Some(thread),
            node_id,
            path,
        })))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Returns when the drafts are on disk. If it fails, none of them is in the ledger.
    pub(crate) fn append(
        &self,
        drafts: Vec<Draft>,
        key: Option<LedgerKey>,
    ) -> Result<Appended, LedgerError> {
        let (reply, answer) = channel();
        self.append_then(drafts, key, move |appended| {
            // A caller that went away does not need the answer.
            let _ = reply.send(appended);
        });
        answer.recv().map_err(|_| self.gone())?
    }

    /// Returns at once. `then` is called on the writer's thread when the drafts are on disk. If that fails, none of them is
    /// in the ledger.
    pub(crate) fn append_then(
        &self,
        drafts: Vec<Draft>,
        key: Option<LedgerKey>,
        then: impl FnOnce(Result<Appended, LedgerError>) + Send + 'static,
    ) {
        let answer = Answer {
            then: Some(Box::new(then)),
            path: self.0.path.clone(),
        };
        let checked: Result<(), LedgerError> =
            (drafts.iter()).try_for_each(|draft| draft.check(&self.0.node_id));
        match (checked, &self.0.requests) {
            (Err(error), _) => answer.give(Err(error)),
            (Ok(()), Some(requests)) => {
                let request = Append {
                    drafts,
                    key,
                    answer,
                };
                // A request that cannot be sent is dropped, and its answer says so.
                let _ = requests.send(Request::Append(request));
            }
            (Ok(()), None) => drop(answer),
        }
    }

    /// Returns when everything that was appended is in the file itself.
    pub(crate) fn settle(&self) -> Result<(), LedgerError> {
        let (reply, answer) = channel();
        let requests = self.0.requests.as_ref().ok_or_else(|| self.gone())?;
        let sent = requests.send(Request::Settle(reply));
        sent.map_err(|_| self.gone())?;
        answer.recv().map_err(|_| self.gone())?
    }

    fn gone(&self) -> LedgerError {
        LedgerError::NoWriter {
            path: self.0.path.clone(),
        }
    }
}

fn write(database: Database, node_id: &str, waiting: &Receiver<Request>) {
    let mut next = None;
    let mut is_settled = true;
    while let Some(request) = next.take().or_else(|| waiting.recv().ok()) {
        match request {
            Request::Append(first) => {
                is_settled = false;
                next = append_group(&database, node_id, first, waiting);
            }
            Request::Settle(reply) => {
                is_settled = true;
                // A caller that went away does not need the answer.
                let _ = reply.send(database.settle());
            }
        }
    }
    if !is_settled {
        // Nobody can be told. The next process that opens the ledger checks again.
        let _ = database.settle();
    }
}

/// Appends a request together with those that wait. Returns the next request, if one was read.
fn append_group(
    database: &Database,
    node_id: &str,
    first: Append,
    waiting: &Receiver<Request>,
) -> Option<Request> {
    let mut next = None;
    let mut bytes = first.bytes();
    let mut groups = vec![(first.drafts, first.key)];
    let mut answers = vec![first.answer];
    while groups.len() < GROUP_REQUESTS && bytes < GROUP_BYTES {
        // This does not wait: while one transaction is written, the next group gathers.
        match waiting.try_recv() {
            Ok(Request::Append(request)) => {
                bytes += request.bytes();
                groups.push((request.drafts, request.key));
                answers.push(request.answer);
            }
            other => {
                next = other.ok();
                break;
            }
        }
    }
    match append(database, node_id, groups) {
        Ok(appended) => {
            for (answer, appended) in answers.into_iter().zip(appended) {
                answer.give(Ok(appended));
            }
        }
        Err(error) => {
            for answer in answers {
                answer.give(Err(error.clone()));
            }
        }
    }
    next
}

impl Append {
    fn bytes(&self) -> usize {
        let drafts = self.drafts.iter();
        drafts
            .map(|draft| draft.event_type.len() + draft.resource.len() + draft.detail.len())
            .sum()
    }
}
