//! A ledger as hosts use it: they begin a run, hand over its entries, and finish it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::append::Appended;
use crate::checkpoint::Checkpoint;
use crate::database::Database;
use crate::draft::Draft;
use crate::entry::event;
use crate::error::LedgerError;
use crate::head::Head;
use crate::identity::{Identity, own_draft};
use crate::key::LedgerKey;
use crate::note::Note;
use crate::run_record::{Closing, Event, Opening};
use crate::writer::Writer;

/// When entries are on disk. Openings and closings are on disk before the call returns, with every setting. What several
/// runs of a process wait for at the same moment shares a transaction. `LEDGER.md` says what each costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Each entry, before [`RunHandle::record`] returns. A run that is cut off keeps its audit trail.
    Entry,
    /// The entries of a run with its closing, in one transaction. A run that is cut off by the machine keeps only
    /// its opening.
    #[default]
    Run,
    /// The same as `Run`. There was a time when only this shared transactions.
    Group,
}

/// How to open a ledger.
#[derive(Clone, Debug)]
pub struct Options {
    /// When entries are on disk.
    pub durability: Durability,
    /// How long to wait for other processes that append.
    pub busy_timeout: Duration,
    /// The `node_id` of entries. Without it, the ledger's own.
    pub node_id: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            durability: Durability::default(),
            busy_timeout: Duration::from_secs(10),
            node_id: None,
        }
    }
}

/// A ledger that is appended to. Any number of threads may share it, and any number of processes may have the
/// same file open.
///
/// Calls block until the disk has answered. Asynchronous code must call them where blocking is allowed.
#[derive(Clone)]
pub struct Ledger {
    writer: Writer,
    identity: Identity,
    durability: Durability,
    hurried: Arc<AtomicBool>,
}

impl Ledger {
    /// Opens a ledger that [`create`](crate::create) made.
    pub fn open(path: &Path, options: Options) -> Result<Ledger, LedgerError> {
        let database = Database::open(path, options.busy_timeout)?;
        let head = database.map(Head::read(&database.connection))??;
        let identity = database.map(Identity::read(&database.connection, &head))??;
        database.know(head);
        let node_id = options.node_id.unwrap_or_else(|| identity.node_id.clone());
        Ok(Ledger {
            hurried: Arc::clone(&database.hurried),
            writer: Writer::start(database, node_id)?,
            identity,
            durability: options.durability,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.writer.path()
    }

    /// When its entries are on disk.
    pub fn durability(&self) -> Durability {
        self.durability
    }

    /// What the ledger says of itself.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Makes every wait for other programs end after at most a second, including waits that have begun. For a
    /// process that is told to end.
    pub fn hurry(&self) {
        self.hurried.store(true, Ordering::Relaxed);
    }

    /// Records that a run begins. The opening is on disk when this returns, so no run is unrecorded.
    pub fn begin_run(
        &self,
        opening: &Opening,
        time_unix_ns: u64,
    ) -> Result<RunHandle, LedgerError> {
        let (reply, answer) = channel();
        self.begin_run_then(opening, time_unix_ns, move |begun| {
            // A caller that went away does not need the answer.
            let _ = reply.send(begun);
        });
        answer.recv().unwrap_or_else(|_| {
            Err(LedgerError::NoWriter {
                path: self.path().to_owned(),
            })
        })
    }

    /// The same without waiting: this returns at once, and `then` is called on the ledger's own thread when the opening is
    /// on disk or could not be recorded. It must not wait, least of all for this ledger.
    pub fn begin_run_then(
        &self,
        opening: &Opening,
        time_unix_ns: u64,
        then: impl FnOnce(Result<RunHandle, LedgerError>) + Send + 'static,
    ) {
        let (writer, app) = (self.writer.clone(), opening.app());
        let drafts = vec![opening.draft(time_unix_ns)];
        self.writer.append_then(drafts, None, move |opened| {
            then(opened.map(|opened| RunHandle {
                writer,
                run_id: opened.first,
                app,
                recorded: 0,
            }));
        });
    }

    /// Records what a supervisor does between runs, and returns the number of the entry. It is on disk when this returns.
    pub fn note(&self, note: &Note, time_unix_ns: u64) -> Result<u64, LedgerError> {
        let noted = self.writer.append(vec![note.draft(time_unix_ns)], None)?;
        Ok(noted.first)
    }

    /// Moves the log into the file, and checks that it is there under the ledger's name. What was acknowledged
    /// before this returns cannot be lost with the log.
    ///
    /// Dropping the last clone does the same, but reports no failure.
    pub fn settle(&self) -> Result<(), LedgerError> {
        self.writer.settle()
    }

    /// Appends a signature over everything so far, and returns it to be kept elsewhere.
    pub fn checkpoint(
        &self,
        key: &LedgerKey,
        time_unix_ns: u64,
    ) -> Result<Checkpoint, LedgerError> {
        let other_key = || LedgerError::OtherKey {
            path: self.writer.path().to_owned(),
        };
        if key.public_key() != self.identity.public_key {
            return Err(other_key());
        }
        let ledger_id = self.identity.ledger_id;
        let draft = own_draft(event::CHECKPOINT, ledger_id, time_unix_ns, String::new());
        let appended = self.writer.append(vec![draft], Some(key.clone()))?;
        appended.checkpoint.ok_or_else(other_key)
    }
}

/// A run that has begun. If it is dropped without [`finish`](RunHandle::finish), the run stays cut off in the
/// ledger.
#[must_use = "a run that is not finished is recorded as cut off"]
pub struct RunHandle {
    writer: Writer,
    run_id: u64,
    app: String,
    /// The number of its entries that are on disk.
    recorded: u64,
}

impl RunHandle {
    /// The run's id in the ledger, which is the id of its opening entry.
    pub fn run_id(&self) -> u64 {
        self.run_id
    }

    /// Writes one entry of the run. It is on disk when this returns, as [`Durability::Entry`] requires. With the
    /// other durabilities, entries are passed to [`finish`](RunHandle::finish).
    pub fn record(&mut self, event: Event) -> Result<(), LedgerError> {
        let draft = event.draft(self.run_id, &self.app);
        self.writer.append(vec![draft], None)?;
        self.recorded += 1;
        Ok(())
    }

    /// Writes the entries that are not on disk yet, and how the run ended. All of it is on disk when this
    /// returns. If it fails, nothing of it is, and the run stays cut off.
    pub fn finish(
        self,
        events: Vec<Event>,
        closing: &Closing,
        time_unix_ns: u64,
    ) -> Result<(), LedgerError> {
        let drafts = self.last_drafts(events, closing, time_unix_ns);
        self.writer.append(drafts, None)?;
        Ok(())
    }

    /// The same without waiting: this returns at once, and `then` is called on the ledger's own thread when all of it is on
    /// disk or could not be recorded. It must not wait, least of all for this ledger.
    pub fn finish_then(
        self,
        events: Vec<Event>,
        closing: &Closing,
        time_unix_ns: u64,
        then: impl FnOnce(Result<(), LedgerError>) + Send + 'static,
    ) {
        let drafts = self.last_drafts(events, closing, time_unix_ns);
        let then = move |closed: Result<Appended, LedgerError>| then(closed.map(drop));
        self.writer.append_then(drafts, None, then);
    }

    fn last_drafts(&self, events: Vec<Event>, closing: &Closing, time_unix_ns: u64) -> Vec<Draft> {
        let (run_id, app) = (self.run_id, &*self.app);
        let events = events.into_iter();
        let mut drafts: Vec<Draft> = events.map(|event| event.draft(run_id, app)).collect();
        let entries = self.recorded + drafts.len() as u64;
        drafts.push(closing.draft(time_unix_ns, run_id, app, entries));
        drafts
    }
}
