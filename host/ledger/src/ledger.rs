//! A ledger as hosts use it: begin a run, hand over its entries, finish it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::checkpoint::Checkpoint;
use crate::database::Database;
use crate::draft::Draft;
use crate::entry::event;
use crate::error::LedgerError;
use crate::head::Head;
use crate::identity::{Identity, own_draft};
use crate::key::LedgerKey;
use crate::run_record::{Closing, Event, Opening};
use crate::writer::Writer;

/// When entries are on disk. Openings and closings are before the call returns, whichever it is; `LEDGER.md`
/// has what each costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Each entry by itself, before [`RunHandle::record`] returns: a run that is cut off keeps its trail.
    Entry,
    /// A run's entries with its closing, in one transaction. A run that is cut off by the machine keeps its
    /// opening only.
    #[default]
    Run,
    /// As `Run`, and what other runs of the same process wait for at that moment is in the same transaction:
    /// much more throughput, and one failure fails them all.
    Group,
}

/// How a ledger is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// When entries are on disk.
    pub durability: Durability,
    /// How long to wait for other processes that append.
    pub busy_timeout: Duration,
    /// What entries carry as `node_id`; without it, what the ledger was made with.
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

/// A ledger that is appended to. Any number of threads may share it, and any number of processes may have
/// the same file open.
///
/// Calls block until the disk has answered: in asynchronous code, call them where blocking is allowed.
#[derive(Clone)]
pub struct Ledger {
    writer: Writer,
    identity: Identity,
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
        let grouped = options.durability == Durability::Group;
        Ok(Ledger {
            hurried: Arc::clone(&database.hurried),
            writer: Writer::start(database, node_id, grouped)?,
            identity,
        })
    }

    /// What the ledger says of itself.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// From now on nobody waits for other programs for longer than a second, also who waits already: for a
    /// process that is told to end.
    pub fn hurry(&self) {
        self.hurried.store(true, Ordering::Relaxed);
    }

    /// Records that a run begins. It is on disk when this returns, so that no run goes unrecorded.
    pub fn begin_run(
        &self,
        opening: &Opening,
        time_unix_ns: u64,
    ) -> Result<RunHandle, LedgerError> {
        let opened = self
            .writer
            .append(vec![opening.draft(time_unix_ns)], None)?;
        Ok(RunHandle {
            writer: self.writer.clone(),
            run_id: opened.first,
            app: opening.app(),
            recorded: 0,
        })
    }

    /// Moves what is appended from the log into the file, and looks whether it is there under the ledger's name.
    /// What was acknowledged before this returns is lost by nothing that happens to the log.
    ///
    /// When the last clone goes, the same is done, and nobody learns of a failure.
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

/// A run that was begun. One that is dropped without [`finish`](RunHandle::finish) stays cut off in the ledger.
#[must_use = "a run that is not finished is recorded as cut off"]
pub struct RunHandle {
    writer: Writer,
    run_id: u64,
    app: String,
    /// How many of its entries are on disk.
    recorded: u64,
}

impl RunHandle {
    /// The run's id in the ledger: that of its opening entry.
    pub fn run_id(&self) -> u64 {
        self.run_id
    }

    /// Writes one entry of the run, which is on disk when this returns, as [`Durability::Entry`] asks for. With the
    /// other durabilities, entries are for [`finish`](RunHandle::finish).
    pub fn record(&mut self, event: Event) -> Result<(), LedgerError> {
        let draft = event.draft(self.run_id, &self.app);
        self.writer.append(vec![draft], None)?;
        self.recorded += 1;
        Ok(())
    }

    /// Writes the entries that are not on disk yet, and how the run ended. All of it is on disk when this
    /// returns; if it fails, nothing of it is, and the run stays cut off.
    pub fn finish(
        self,
        events: Vec<Event>,
        closing: &Closing,
        time_unix_ns: u64,
    ) -> Result<(), LedgerError> {
        let RunHandle { run_id, app, .. } = self;
        let events = events.into_iter();
        let mut drafts: Vec<Draft> = events.map(|event| event.draft(run_id, &app)).collect();
        let entries = self.recorded + drafts.len() as u64;
        drafts.push(closing.draft(time_unix_ns, run_id, &app, entries));
        self.writer.append(drafts, None)?;
        Ok(())
    }
}
