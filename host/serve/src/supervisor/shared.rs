//! What all parts of the supervisor share, and what others see of it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use fractalaw_events::Events;
use fractalaw_events_engine::{DeliveryId, EventId, Standing};
use fractalaw_host::{Host, Run};
use tokio::sync::{Notify, watch};

use crate::apps::{Apps, Shown};
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::{Desk, Taken};
use crate::error::ServeError;
use crate::folder::{Folder, Lock};
use crate::journal::{Journal, Ran, Totals};
use crate::limits::OVERVIEW_AGE;
use crate::metrics::Metrics;
use crate::status::Status;

/// How far stopping is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stopping {
    /// It goes on.
    #[default]
    No,
    /// Nothing more is claimed, and runs may end.
    Soon,
    /// Runs are cut off.
    Now,
}

/// What the page and the figures show.
pub(crate) struct Overview {
    pub(crate) status: Status,
    /// The first deliveries that are dead or held.
    pub(crate) dead: Vec<Standing>,
}

/// A supervisor. It is cheap to clone, and clones are the same.
#[derive(Clone)]
pub struct Supervisor(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) config: Config,
    pub(super) folder: Folder,
    pub(super) host: Host,
    pub(super) events: Events,
    pub(super) desk: Desk,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) apps: Mutex<Apps>,
    pub(super) journal: Journal,
    pub(super) metrics: Metrics,
    pub(super) overview: Mutex<Option<(Instant, Arc<Overview>)>>,
    /// What each run gets besides its trigger.
    pub(super) run: Run,
    /// Wakes the loop.
    pub(super) wake: Arc<Notify>,
    /// Wakes whoever waits for a run to end.
    pub(super) ended: watch::Sender<u64>,
    /// The events of the runs that have begun and are not in the journal yet, one for each run.
    pub(super) running: Mutex<Vec<EventId>>,
    /// Whether a delivery could not begin or be settled since the loop last claimed.
    pub(super) is_ailing: AtomicBool,
    /// Looks at the files of the apps now.
    pub(super) look: Notify,
    /// One swap at a time.
    pub(super) swapping: tokio::sync::Mutex<()>,
    pub(super) stop: watch::Sender<Stopping>,
    pub(super) _lock: Lock,
}

impl Inner {
    /// A panic leaves nothing half changed behind this lock.
    pub(super) fn apps(&self) -> MutexGuard<'_, Apps> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn running(&self) -> MutexGuard<'_, Vec<EventId>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the engine what runs.
    pub(super) fn tell_engine(&self) -> Result<(), ServeError> {
        let apps = self.apps().for_engine(self.config.serve.slots);
        Ok(self.desk.engine.set_apps(apps)?)
    }
}

impl Supervisor {
    /// Takes an event from outside, and wakes whoever gets it. It blocks until the event is on disk.
    ///
    /// # Errors
    ///
    /// If the event is refused or cannot be written.
    pub fn emit(
        &self,
        event_type: &str,
        source: &str,
        payload: Vec<u8>,
    ) -> Result<Taken, ServeError> {
        let taken = self.0.desk.emit(event_type, source, payload)?;
        self.0.wake.notify_one();
        Ok(taken)
    }

    /// Events and tasks. Call [`wake`](Supervisor::wake) after a change.
    pub fn desk(&self) -> &Desk {
        &self.0.desk
    }

    /// Whether a run of this event has begun that is not in the journal yet.
    pub(crate) fn is_running(&self, event: EventId) -> bool {
        self.0.running().contains(&event)
    }

    /// Looks for something to claim.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Looks at the files of the apps.
    pub fn look(&self) {
        self.0.look.notify_one();
    }

    /// The folder that it serves.
    pub fn folder(&self) -> &std::path::Path {
        self.0.folder.served()
    }

    /// Its own folder in that.
    pub fn own_folder(&self) -> &Folder {
        &self.0.folder
    }

    /// What it was started with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// How far stopping is, and changes of that.
    pub fn stopping(&self) -> watch::Receiver<Stopping> {
        self.0.stop.subscribe()
    }

    /// Counts the runs that have ended.
    pub fn ended(&self) -> watch::Receiver<u64> {
        self.0.ended.subscribe()
    }

    /// Wakes whoever waits for runs to end, although none did: there may be nothing left to wait for.
    pub(crate) fn tell_ended(&self) {
        self.0.ended.send_modify(|_| {});
    }

    /// Tells it to stop: first so that runs may end, and with the next call at once.
    pub fn stop(&self) {
        self.0.stop.send_modify(|stopping| {
            *stopping = match stopping {
                Stopping::No => Stopping::Soon,
                Stopping::Soon | Stopping::Now => Stopping::Now,
            };
        });
    }

    /// The apps.
    pub fn apps(&self) -> Vec<Shown> {
        self.0.apps().shown()
    }

    /// The last runs, the newest first.
    pub fn runs(&self) -> Vec<Ran> {
        self.0.journal.runs()
    }

    /// What the apps did since the start.
    pub fn totals(&self) -> std::collections::BTreeMap<String, Totals> {
        self.0.journal.totals()
    }

    /// What a monitoring system collects. It blocks as [`status`](Supervisor::status) does.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn metrics(&self) -> Result<String, ServeError> {
        Ok(self.0.metrics.text(&self.overview()?.status))
    }

    /// The status, at most [`OVERVIEW_AGE`] old. It reads all deliveries, and whoever reaches the page can ask for it.
    pub(crate) fn overview(&self) -> Result<Arc<Overview>, ServeError> {
        let mut last = self
            .0
            .overview
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_new = |(made, _): &&(Instant, _)| made.elapsed() < OVERVIEW_AGE;
        if let Some((_, overview)) = last.as_ref().filter(is_new) {
            return Ok(Arc::clone(overview));
        }
        let overview = Arc::new(Overview {
            status: self.status()?,
            dead: self.0.desk.deliveries(DeliveryId(0), true)?,
        });
        *last = Some((Instant::now(), Arc::clone(&overview)));
        Ok(overview)
    }

    /// Everything on one page. It reads all deliveries, and blocks.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn status(&self) -> Result<Status, ServeError> {
        let mut totals = self.totals();
        Status::of(
            Some(std::process::id()),
            *self.0.stop.borrow() != Stopping::No,
            &*self.0.clock,
            &self.0.desk.engine,
            self.apps(),
            |app| totals.remove(app).unwrap_or_default(),
        )
    }
}
