//! What people do with events and tasks: send, list, look, try again, drop, schedule. It works with a supervisor that runs
//! and, on the files alone, without one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fractalaw_events_engine::{
    Accepted, Allowed, Code, DeliveryId, Ending, Engine, EngineError, EventId, Granted, Inside,
    Outside, Quotas, Run, RunId, Standing, State, Task, TaskId, TaskStanding, Trigger,
};
use fractalaw_host::LedgerError;
use fractalaw_ledger::Ledger;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::ServeError;
use crate::limits::ROWS;
use crate::notes;

/// The source of events that people send.
pub const PERSON: &str = "operator";

/// The source of events that come over HTTP.
pub const HTTP: &str = "http";

/// The owner of the tasks of `fractalaw.toml`.
pub const FILE_OWNER: &str = "fractalaw.toml";

/// The files, open.
#[derive(Clone)]
pub struct Desk {
    pub(crate) engine: Engine,
    pub(crate) ledger: Ledger,
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether this is a node of a set.
    pub(crate) is_in_set: bool,
    /// Held by whoever decides about deliveries. It counts the deliveries that were dropped of each event that somebody
    /// waits for.
    pub(crate) decides: Arc<Mutex<BTreeMap<EventId, u64>>>,
}

/// An event that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its number.
    pub event: EventId,
    /// How many apps get it. In a set, this is 1: what goes out.
    pub deliveries: u64,
    /// Whether it goes to the set that this node is part of.
    pub to_set: bool,
}

impl Desk {
    /// Takes an event from outside. It is on disk when this returns.
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
        // What would be refused gets no entry in the ledger.
        let bytes = payload.len() as u64;
        self.engine.would_accept(event_type, source, bytes)?;
        let run = notes::accepted(&self.ledger, event_type, source, &payload)?;
        let event = EventId(run.made(1));
        let accepted = self.engine.accept(Outside {
            id: event,
            event_type: event_type.to_owned(),
            source: source.to_owned(),
            payload,
        })??;
        let deliveries = match accepted {
            Accepted::New(deliveries) => deliveries,
            // The ledger gives each number once.
            Accepted::Known => 0,
        };
        Ok(Taken {
            event,
            deliveries,
            to_set: self.is_in_set,
        })
    }

    /// Deliveries in their order, after this one. `dead` are those that are dead or held.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn deliveries(&self, after: DeliveryId, dead: bool) -> Result<Vec<Standing>, ServeError> {
        let rows = match dead {
            true => self
                .engine
                .deliveries_in([State::Dead, State::Held], after, ROWS),
            false => self.engine.deliveries(after, ROWS),
        };
        Ok(rows?)
    }

    /// A delivery with what is in it.
    ///
    /// # Errors
    ///
    /// If there is none with this number, or if the file cannot be read.
    pub fn inside(&self, id: DeliveryId) -> Result<Inside, ServeError> {
        self.engine.inside(id)?.ok_or_else(|| no_delivery(id))
    }

    /// Makes a delivery ready.
    ///
    /// # Errors
    ///
    /// If it is not dead, held or waiting, or if it cannot be written.
    pub fn retry(&self, id: DeliveryId) -> Result<(), ServeError> {
        let _deciding = self.deciding();
        match self.engine.retry(id)? {
            true => Ok(()),
            false => Err(self.not_so(id, "can be tried again")),
        }
    }

    /// Makes everything of an app ready that is dead or held.
    pub(crate) fn offer_again(&self, app: &str) -> Result<(), EngineError> {
        let _deciding = self.deciding();
        self.engine.offer_again(app).map(drop)
    }

    /// Removes a delivery. If the ledger fails, the delivery is dead and still there.
    ///
    /// # Errors
    ///
    /// If it is running or not there, or if it cannot be written.
    pub fn drop_delivery(&self, id: DeliveryId) -> Result<(), ServeError> {
        self.drop_now(id, &mut self.deciding())
    }

    /// Removes a delivery that is dead or held. Somebody may have made it ready since it was listed.
    pub(crate) fn drop_dead(&self, id: DeliveryId) -> Result<(), ServeError> {
        let mut deciding = self.deciding();
        match self.inside(id)?.standing.state {
            State::Dead | State::Held => self.drop_now(id, &mut deciding),
            _ => Err(self.not_so(id, "is dead or held")),
        }
    }

    fn drop_now(
        &self,
        id: DeliveryId,
        dropped: &mut BTreeMap<EventId, u64>,
    ) -> Result<(), ServeError> {
        let may_be_dropped = |is: bool| match is {
            true => Ok(()),
            false => Err(self.not_so(id, "can be dropped")),
        };
        // No run of it begins between its entry in the ledger and its end, also if the process ends there.
        may_be_dropped(self.engine.lay_aside(id)?)?;
        let Inside { standing, delivery } = self.inside(id)?;
        let Standing {
            attempts, outcome, ..
        } = standing;
        let outcome = outcome.unwrap_or_default();
        notes::dead(&self.ledger, &delivery, attempts, &outcome, true)?;
        may_be_dropped(self.engine.drop_delivery(id)?)?;
        if let Trigger::Event { id, .. } = delivery.trigger
            && let Some(count) = dropped.get_mut(&id)
        {
            *count += 1;
        }
        Ok(())
    }

    /// What people and swaps decide about deliveries, they decide one after the other.
    pub(crate) fn deciding(&self) -> MutexGuard<'_, BTreeMap<EventId, u64>> {
        self.decides.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn not_so(&self, id: DeliveryId, what: &str) -> ServeError {
        match self.engine.inside(id) {
            Ok(Some(inside)) => {
                let state = inside.standing.state.name();
                ServeError::asked(format!(
                    "delivery {} is {state}, expected one that {what}",
                    id.0
                ))
            }
            _ => no_delivery(id),
        }
    }

    /// Tasks in the order of their numbers, after this one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn tasks(&self, after: TaskId) -> Result<Vec<TaskStanding>, ServeError> {
        Ok(self.engine.tasks(after, ROWS)?)
    }

    /// Adds a task. It is on disk when this returns.
    ///
    /// # Errors
    ///
    /// If it is refused or cannot be written.
    pub fn schedule(&self, owner: &str, task: Task) -> Result<TaskId, ServeError> {
        let mut id = None;
        // What would be refused gets no entry in the ledger. A run that is dropped has staged nothing.
        let now = self.clock.now();
        let mut probe = self.engine.run(RunId(0), owner, everything(), now);
        probe.schedule(task.clone()).map_err(|refused| {
            // People are granted everything, so there is no such app.
            match refused.code {
                Code::Target => no_app(&task.target),
                _ => refused.into(),
            }
        })?;
        drop(probe);
        let number = notes::tasks_changed(&self.ledger, owner, &task.target, &task.name, None)?;
        self.as_run(number, owner, |run| {
            id = Some(run.schedule(task)?);
            Ok(())
        })?;
        Ok(id.expect("it was given above"))
    }

    /// Cancels a task, whoever it belongs to.
    ///
    /// # Errors
    ///
    /// If there is none with this number, or if it cannot be written.
    pub fn cancel(&self, id: TaskId) -> Result<(), ServeError> {
        let before = TaskId(id.0.saturating_sub(1));
        let found = self.engine.tasks(before, 1)?.into_iter().next();
        let Some(task) = found.filter(|task| task.id == id) else {
            let hint = "`fractalaw schedule ls` lists the tasks";
            return Err(ServeError::asked_with(
                format!("there is no task {}", id.0),
                hint,
            ));
        };
        let TaskStanding {
            owner,
            target,
            name,
            ..
        } = task;
        let number = notes::tasks_changed(&self.ledger, &owner, &target, &name, Some(id.0))?;
        self.as_run(number, &owner, |run| Ok(run.cancel(id)??))
    }

    /// What a person stages takes effect as what a run stages does.
    fn as_run(
        &self,
        number: RunId,
        owner: &str,
        stage: impl FnOnce(&mut Run) -> Result<(), ServeError>,
    ) -> Result<(), ServeError> {
        let now = self.clock.now();
        let mut run = self.engine.run(number, owner, everything(), now);
        stage(&mut run)?;
        run.prepare(true)?;
        Ok(run.settle(Ending::Completed, "completed", now)?)
    }

    /// Makes the tasks of `fractalaw.toml` what the file says: those that are as before go on, so that none of their
    /// ticks fires twice.
    ///
    /// # Errors
    ///
    /// If a task is refused, or if it cannot be written.
    pub(crate) fn tasks_of_file(&self, config: &Config) -> Result<(), ServeError> {
        let mut wanted: Vec<(&str, &crate::config::Cron)> = Vec::new();
        for (name, app) in &config.apps {
            wanted.extend(app.cron.iter().map(|cron| (&**name, cron)));
        }
        for task in self.own_tasks()? {
            let same = wanted.iter().position(|(app, cron)| {
                task.target == *app
                    && task.name == cron.name
                    && task.cron.as_deref() == Some(&*cron.schedule)
            });
            let payload = self.engine.payload_of(task.id)?;
            match same {
                Some(at) if payload.as_deref() == Some(wanted[at].1.payload.as_bytes()) => {
                    wanted.remove(at);
                }
                _ => self.cancel(task.id)?,
            }
        }
        for (app, cron) in wanted {
            let task = Task {
                name: cron.name.clone(),
                cron: Some(cron.schedule.clone()),
                run_at: None,
                target: app.to_owned(),
                payload: cron.payload.clone().into_bytes(),
            };
            self.schedule(FILE_OWNER, task)?;
        }
        Ok(())
    }

    fn own_tasks(&self) -> Result<Vec<TaskStanding>, ServeError> {
        let (mut own, mut after) = (Vec::new(), TaskId(0));
        loop {
            let tasks = self.engine.tasks(after, ROWS)?;
            let Some(last) = tasks.last() else {
                return Ok(own);
            };
            after = last.id;
            own.extend(tasks.into_iter().filter(|task| task.owner == FILE_OWNER));
        }
    }

    /// Opens the ledger, for the host too: what runs and people append shares transactions.
    pub(crate) fn open_ledger(path: &std::path::Path) -> Result<Ledger, LedgerError> {
        let options = fractalaw_ledger::Options {
            durability: fractalaw_ledger::Durability::Group,
            ..fractalaw_ledger::Options::default()
        };
        Ledger::open(path, options)
    }
}

/// People may do everything that a run may be granted.
fn everything() -> Allowed {
    Allowed {
        emits: Granted::All,
        schedules: Granted::All,
        quotas: Quotas::default(),
    }
}

/// Makes all deliveries ready that are held.
pub(crate) fn offer_held_again(engine: &Engine) -> Result<(), EngineError> {
    let mut after = DeliveryId(0);
    loop {
        let held = engine.deliveries_in([State::Held; 2], after, ROWS)?;
        let Some(last) = held.last() else {
            return Ok(());
        };
        after = last.id;
        for held in held {
            engine.retry(held.id)?;
        }
    }
}

pub(crate) fn no_app(name: &str) -> ServeError {
    ServeError::asked_with(
        format!("there is no app `{}`", name.escape_debug()),
        "`fractalaw apps ls` lists the apps",
    )
}

fn no_delivery(id: DeliveryId) -> ServeError {
    ServeError::asked_with(
        format!("there is no delivery {}", id.0),
        "`fractalaw events ls` lists the deliveries",
    )
}

#[cfg(test)]
mod tests;
