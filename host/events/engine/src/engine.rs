//! The engine as a supervisor uses it: events come in, deliveries are claimed, and people look after what is left.

mod looking;

use std::path::Path;
use std::sync::Arc;

use crate::apps::Apps;
use crate::database::{Database, Sync};
use crate::delivery::Delivery;
use crate::error::EngineError;
use crate::ids::{DeliveryId, EventId, RunId, TaskId};
use crate::ledger::Closings;
use crate::limits::PAYLOAD_BYTES;
use crate::membership::Member;
use crate::names::{check_name, check_type};
use crate::next::Next;
use crate::refusal::{Code, EventError};
use crate::retry::Ending;
use crate::room::{Backlog, Reserved, Room};
use crate::step::{Emitted, Place, Step};
use crate::store::recover::Unsettled;
use crate::time::Time;
use crate::writer::Writer;

/// Events, deliveries and tasks in one file. It is cheap to clone, and any number of threads may share it.
///
/// Calls block until the disk has answered, where that is needed.
#[derive(Clone)]
pub struct Engine {
    writer: Writer,
    room: Room,
}

/// An event from outside: from a person, a request or another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// Its number. The ledger's entry about it gives the run in it.
    pub id: EventId,
    /// What kind of thing happened.
    pub event_type: String,
    /// What accepted it. Subscriptions may name it.
    pub source: String,
    /// The details.
    pub payload: Vec<u8>,
}

/// What became of an event from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is on disk, with this many deliveries. In a set, it is the one row that goes out.
    New(u64),
    /// It was accepted before, and waits to be delivered. Nothing has changed.
    Known,
}

impl Engine {
    /// Opens the file, or makes it, and settles what the last process left.
    ///
    /// `ledger_id` says whose runs are numbered in it, and `closings` how they ended. `now` is the time of the start.
    ///
    /// # Errors
    ///
    /// If another process works on the file, if it is not a file of events of this ledger, or if it cannot be read or
    /// written.
    pub fn open(
        path: &Path,
        ledger_id: &str,
        apps: Apps,
        closings: &mut dyn Closings,
        now: Time,
    ) -> Result<Engine, EngineError> {
        Engine::begin(path, ledger_id, apps, closings, now, None)
    }

    /// Opens the file of a node that is part of a set. What takes effect goes out to the set, and what comes from it is
    /// put into the file by another process, through an [`Exchange`](crate::Exchange). Nothing is claimed until that
    /// process has vouched for what this node still owns, once after each start.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`].
    pub fn open_in_set(
        path: &Path,
        ledger_id: &str,
        apps: Apps,
        closings: &mut dyn Closings,
        now: Time,
        member: Member,
    ) -> Result<Engine, EngineError> {
        Engine::begin(path, ledger_id, apps, closings, now, Some(member))
    }

    fn begin(
        path: &Path,
        ledger_id: &str,
        apps: Apps,
        closings: &mut dyn Closings,
        now: Time,
        member: Option<Member>,
    ) -> Result<Engine, EngineError> {
        let database = Database::open(path, ledger_id)?;
        let room = Room::default();
        room.set_apps(Arc::new(apps));
        if member.is_some() {
            room.join_set();
        }
        let unsettled = Unsettled::find(&database, closings)?;
        let ledger_id = ledger_id.to_owned();
        let writer = Writer::start(database, room.clone(), move |store| {
            store.load()?;
            if let Some(member) = member {
                store.join(&ledger_id, member);
            }
            let before = store.begin(Sync::Now)?;
            store.begin_session()?;
            store.recover(unsettled, now)?;
            store.commit(&before)
        })?;
        Ok(Engine { writer, room })
    }

    /// Changes the apps, for example because one has a new version. It counts for everything that is settled, fired
    /// or claimed from now on.
    ///
    /// # Errors
    ///
    /// If the thread that writes has ended.
    pub fn set_apps(&self, apps: Apps) -> Result<(), EngineError> {
        let apps = Arc::new(apps);
        self.writer
            .ask(Sync::Later, 0, move |store| store.set_apps(apps))
    }

    /// Takes an event from outside. It is on disk when this returns.
    ///
    /// # Errors
    ///
    /// If the event is refused, inside; or if it cannot be written.
    pub fn accept(&self, event: Outside) -> Result<Result<Accepted, EventError>, EngineError> {
        if let Err(refused) = self.check_outside(&event) {
            return Ok(Err(refused));
        }
        let bytes = event.payload.len() as u64;
        let event = Emitted {
            id: event.id,
            event_type: event.event_type,
            source: event.source,
            payload: event.payload,
            place: Place {
                depth: 0,
                root: event.id.0,
            },
        };
        let accepted = self
            .writer
            .ask(Sync::Now, bytes, move |store| store.accept(&event))?;
        Ok(Ok(accepted.map_or(Accepted::Known, Accepted::New)))
    }

    /// Whether an event from outside would be taken now, so that nothing is recorded of one that is not.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn would_accept(
        &self,
        event_type: &str,
        source: &str,
        payload_bytes: u64,
    ) -> Result<(), EventError> {
        check_type(event_type)?;
        check_name("source", source)?;
        check_payload(payload_bytes)?;
        let deliveries = self.rows_of(event_type, source);
        self.room.check_outside(Backlog {
            deliveries,
            bytes: payload_bytes,
        })
    }

    fn check_outside(&self, event: &Outside) -> Result<(), EventError> {
        check_type(&event.event_type)?;
        check_name("source", &event.source)?;
        if event.id.is_incoming() || event.id.run() > RunId::MAX {
            return Err(EventError::new(
                Code::Malformed,
                format!("event {} has a number that no run gives", event.id.0),
            ));
        }
        let bytes = event.payload.len() as u64;
        self.would_accept(&event.event_type, &event.source, bytes)
    }

    /// Takes up to so many deliveries that may run now, in their order. Ticks that are due fire first.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written.
    pub fn claim(&self, now: Time, most: usize) -> Result<Vec<Claim>, EngineError> {
        let deliveries = self
            .writer
            .ask(Sync::Later, 0, move |store| store.claim(now, most))?;
        let claims = deliveries.into_iter().map(|delivery| Claim {
            engine: self.clone(),
            delivery: Some(delivery),
        });
        Ok(claims.collect())
    }

    /// When there is something to claim. Ticks that are due fire first.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written.
    pub fn next(&self, now: Time) -> Result<Next, EngineError> {
        self.writer
            .ask(Sync::Later, 0, move |store| store.next(now))
    }

    /// Makes a delivery ready that is dead, held or waiting. Its attempts are counted anew. Returns whether it was.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn retry(&self, delivery: DeliveryId) -> Result<bool, EngineError> {
        self.writer
            .ask(Sync::Now, 0, move |store| store.retry(delivery))
    }

    /// Makes everything ready that is dead or held, for an app that has a new version or new grants. Returns how many.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn offer_again(&self, app: &str) -> Result<u64, EngineError> {
        let app = app.to_owned();
        self.writer
            .ask(Sync::Now, 0, move |store| store.offer_again(&app))
    }

    /// Makes a delivery dead that is not running, so that no run of it begins. Returns whether it did.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn lay_aside(&self, delivery: DeliveryId) -> Result<bool, EngineError> {
        self.writer
            .ask(Sync::Now, 0, move |store| store.lay_aside(delivery))
    }

    /// Removes a delivery that is not running. Returns whether it did.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn drop_delivery(&self, delivery: DeliveryId) -> Result<bool, EngineError> {
        self.writer
            .ask(Sync::Now, 0, move |store| store.drop_delivery(delivery))
    }

    /// What is in the file.
    pub fn backlog(&self) -> Backlog {
        self.room.backlog()
    }

    pub(crate) fn apps(&self) -> Arc<Apps> {
        self.room.apps()
    }

    pub(crate) fn rows_of(&self, event_type: &str, source: &str) -> u64 {
        self.room.rows_of(event_type, source)
    }

    pub(crate) fn reserve(&self, app: &str, root: Option<(u64, u64)>) -> Reserved {
        self.room.reserve(app, root)
    }

    pub(crate) fn owner_of(&self, task: TaskId) -> Result<Option<String>, EngineError> {
        self.writer
            .ask(Sync::Later, 0, move |store| store.owner_of(task))
    }

    pub(crate) fn stage(
        &self,
        run: RunId,
        app: String,
        steps: Arc<Vec<Step>>,
        bytes: u64,
    ) -> Result<(), EngineError> {
        self.writer.ask(Sync::Now, bytes, move |store| {
            store.stage(run, &app, &steps)
        })
    }

    pub(crate) fn settle(
        &self,
        run: RunId,
        ending: Ending,
        outcome: String,
        now: Time,
    ) -> Result<(), EngineError> {
        self.writer.ask(Sync::Later, 0, move |store| {
            store.settle(run, ending, &outcome, now)
        })
    }
}

/// Whether a payload is small enough.
pub(crate) fn check_payload(bytes: u64) -> Result<(), EventError> {
    match bytes <= PAYLOAD_BYTES {
        true => Ok(()),
        false => Err(EventError::new(
            Code::TooLarge,
            format!("the payload has {bytes} bytes, expected at most {PAYLOAD_BYTES}"),
        )
        .hint("put the contents into data, and their name into the payload")),
    }
}

/// A delivery that nobody else gets. If it is dropped, it can be claimed again.
#[must_use = "a claim that is dropped can be claimed again"]
pub struct Claim {
    engine: Engine,
    /// `None` only after the claim was used.
    delivery: Option<Delivery>,
}

impl Claim {
    /// What is to be run.
    pub fn delivery(&self) -> &Delivery {
        self.delivery
            .as_ref()
            .expect("it is there until the claim is used")
    }

    /// Records that the run begins. It is on disk when this returns, so an event that ends the process counts its
    /// attempts too. Call it before anything of the guest runs.
    ///
    /// # Errors
    ///
    /// If the number of the run is in use, or if it cannot be written. The delivery can be claimed again.
    pub(crate) fn begin(mut self, run: RunId) -> Result<(Delivery, Reserved), EngineError> {
        let (id, place) = (self.delivery().id, self.delivery().place);
        let started = self
            .engine
            .writer
            .ask(Sync::Now, 0, move |store| store.start(id, run, place))?;
        let descendants = started.ok_or(EngineError::RunInUse { run })?;
        let delivery = self
            .delivery
            .take()
            .expect("it is there until the claim is used");
        let root = place.map(|place| (place.root, descendants));
        let reserved = self.engine.reserve(&delivery.app, root);
        Ok((delivery, reserved))
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Gives the delivery back without a run. `Refused` holds it, and `Interrupted` leaves it ready. The others count
    /// as an attempt.
    ///
    /// # Errors
    ///
    /// If it cannot be written. The delivery can be claimed again.
    pub fn give_back(
        mut self,
        ending: Ending,
        outcome: &str,
        now: Time,
    ) -> Result<(), EngineError> {
        let (id, outcome) = (self.delivery().id, outcome.to_owned());
        self.engine.writer.ask(Sync::Later, 0, move |store| {
            store.give_back(id, ending, &outcome, now)
        })?;
        self.delivery = None;
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(Delivery { id, .. }) = self.delivery {
            self.engine.writer.drop_claim(id);
        }
    }
}
