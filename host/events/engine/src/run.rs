//! One run's use of events and schedules: it stages, and it is settled after the ledger's closing.

use std::sync::Arc;

use crate::allowed::{Allowed, Quotas, Task, quota};
use crate::cron::Schedule;
use crate::delivery::Delivery;
use crate::engine::{Claim, Engine, check_payload};
use crate::error::EngineError;
use crate::ids::{EventId, RunId, TaskId};
use crate::limits::{DEPTH, PROMPT, RUN_CANCELS};
use crate::names::{check_name, check_type, shown};
use crate::refusal::{Code, EventError};
use crate::retry::Ending;
use crate::room::Reserved;
use crate::step::{Emitted, Place, Scheduled, Step};
use crate::time::Time;

/// One run. What it stages takes effect when it is settled as completed, and not before.
///
/// If it is dropped, nothing that it staged takes effect before the next start, which asks the ledger.
pub struct Run {
    /// `None` if nothing takes effect.
    engine: Option<(Engine, Reserved)>,
    id: RunId,
    app: String,
    allowed: Allowed,
    began: Time,
    place: Option<Place>,
    steps: Arc<Vec<Step>>,
    used: Quotas,
    made: u16,
    cancels: u64,
    is_prepared: bool,
}

impl Claim {
    /// Records that the run begins, with its number in the ledger. It is on disk when this returns, so an event that
    /// ends the process counts its attempts too. Call it before anything of the guest runs.
    ///
    /// # Errors
    ///
    /// If the number is in use, or if it cannot be written. The delivery can be claimed again.
    pub fn start(
        self,
        run: RunId,
        allowed: Allowed,
        now: Time,
    ) -> Result<(Run, Delivery), EngineError> {
        let engine = self.engine().clone();
        let (delivery, reserved) = self.begin(run)?;
        let app = &delivery.app;
        let run = Run::new(
            Some((engine, reserved)),
            run,
            app,
            allowed,
            delivery.place,
            now,
        );
        Ok((run, delivery))
    }
}

impl Engine {
    /// Begins a run that nothing triggered, for example because a person started it.
    pub fn run(&self, run: RunId, app: &str, allowed: Allowed, now: Time) -> Run {
        let reserved = self.reserve(app, None);
        Run::new(Some((self.clone(), reserved)), run, app, allowed, None, now)
    }
}

impl Run {
    /// Begins a run whose events and tasks take no effect, because nothing delivers them. It gets the same answers,
    /// as far as they do not depend on other runs.
    pub fn alone(run: RunId, app: &str, allowed: Allowed, now: Time) -> Run {
        Run::new(None, run, app, allowed, None, now)
    }

    fn new(
        engine: Option<(Engine, Reserved)>,
        id: RunId,
        app: &str,
        allowed: Allowed,
        place: Option<Place>,
        began: Time,
    ) -> Run {
        Run {
            engine,
            id,
            app: app.to_owned(),
            allowed,
            began,
            place,
            steps: Arc::default(),
            used: Quotas {
                events: 0,
                bytes: 0,
                tasks: 0,
            },
            made: 0,
            cancels: 0,
            is_prepared: false,
        }
    }

    /// What it has staged, in the order of its calls.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// `events-emit.emit`.
    ///
    /// # Errors
    ///
    /// Why the event is refused. The guest gets it.
    pub fn emit(
        &mut self,
        event_type: &str,
        source: &str,
        payload: Vec<u8>,
    ) -> Result<EventId, EventError> {
        check_type(event_type)?;
        if source != self.app {
            return Err(EventError::new(
                Code::NotTheSource,
                format!("`{}` is not the name of the caller", shown(source)),
            )
            .hint(format!("name `{}`", self.app)));
        }
        if !self.allowed.emits.has(event_type) {
            return Err(EventError::new(
                Code::TypeNotGranted,
                format!("`{event_type}` is not granted"),
            )
            .hint(format!(
                "declare it in `emits`, and grant it: emits.\"{event_type}\" = true"
            )));
        }
        let bytes = payload.len() as u64;
        check_payload(bytes)?;
        quota("events", self.used.events + 1, self.allowed.quotas.events)?;
        quota(
            "event-bytes",
            self.used.bytes + bytes,
            self.allowed.quotas.bytes,
        )?;
        let depth = self.next_depth()?;
        if let Some((engine, reserved)) = &mut self.engine {
            reserved.event(engine.rows_of(event_type, source), bytes)?;
        }
        self.used.events += 1;
        self.used.bytes += bytes;
        let id = EventId(self.number());
        let place = self.place_of(id.0, depth);
        self.push(Step::Emit(Emitted {
            id,
            event_type: event_type.to_owned(),
            source: source.to_owned(),
            payload,
            place,
        }));
        Ok(id)
    }

    /// `events-schedule.schedule`.
    ///
    /// # Errors
    ///
    /// Why the task is refused. The guest gets it.
    pub fn schedule(&mut self, task: Task) -> Result<TaskId, EventError> {
        check_name("task", &task.name)?;
        let first = self.first(&task)?;
        let exists = match &self.engine {
            Some((engine, _)) => engine.apps().0.contains_key(&task.target),
            None => true,
        };
        if !exists || !self.allowed.schedules.has(&task.target) {
            return Err(EventError::new(
                Code::Target,
                format!("`{}` does not exist or is not granted", shown(&task.target)),
            )
            .hint("declare it in `schedules`, and grant it: schedules.\"APP\" = true"));
        }
        let bytes = task.payload.len() as u64;
        check_payload(bytes)?;
        quota("tasks", self.used.tasks + 1, self.allowed.quotas.tasks)?;
        quota(
            "event-bytes",
            self.used.bytes + bytes,
            self.allowed.quotas.bytes,
        )?;
        let is_prompt = task.cron.is_none() && first.is_some_and(|at| at < self.began.plus(PROMPT));
        let depth = if is_prompt { self.next_depth()? } else { 0 };
        if let Some((_, reserved)) = &mut self.engine {
            reserved.task(bytes, is_prompt)?;
        }
        self.used.tasks += 1;
        self.used.bytes += bytes;
        let id = TaskId(self.number());
        let place = is_prompt.then(|| self.place_of(id.0, depth));
        self.push(Step::Schedule(Scheduled {
            id,
            name: task.name,
            target: task.target,
            cron: task.cron,
            first,
            payload: task.payload,
            place,
        }));
        Ok(id)
    }

    /// When a task runs first.
    fn first(&self, task: &Task) -> Result<Option<Time>, EventError> {
        match (&task.cron, task.run_at) {
            (Some(cron), None) => Ok(Schedule::parse(cron)?.after(self.began)),
            (None, Some(seconds)) => {
                let at = i64::try_from(seconds).unwrap_or(i64::MAX);
                let at = Time::from_unix_s(at);
                match at < Time::LATEST {
                    true => Ok(Some(at)),
                    false => Err(EventError::new(
                        Code::Malformed,
                        format!("run-at {seconds} is after the year 4999"),
                    )
                    .hint("give seconds since 1970, not milliseconds or nanoseconds")),
                }
            }
            (both, _) => {
                let found = if both.is_some() { "both" } else { "neither" };
                Err(EventError::new(
                    Code::CronOrRunAt,
                    format!("expected `cron` or `run-at`, found {found}"),
                ))
            }
        }
    }

    /// `events-schedule.cancel`.
    ///
    /// # Errors
    ///
    /// Inside, why the task is not cancelled, which the guest gets. Outside, that the engine cannot tell.
    pub fn cancel(&mut self, task: TaskId) -> Result<Result<(), EventError>, EngineError> {
        if task.run() == self.id {
            return Ok(self.cancel_own(task));
        }
        let owner = match &self.engine {
            Some((engine, _)) => engine.owner_of(task)?,
            None => None,
        };
        let is_cancelled = self.steps.contains(&Step::Cancel(task));
        Ok(match owner {
            Some(owner) if owner != self.app => Err(EventError::new(
                Code::AnothersTask,
                format!("task {} belongs to `{owner}`", task.0),
            )),
            Some(_) if !is_cancelled => {
                quota("cancellations", self.cancels + 1, RUN_CANCELS).map(|()| {
                    self.cancels += 1;
                    self.push(Step::Cancel(task));
                })
            }
            _ => Err(no_such_task(task)),
        })
    }

    /// A task of this run has not taken effect. It is as if it had not been scheduled, except that it was counted.
    fn cancel_own(&mut self, task: TaskId) -> Result<(), EventError> {
        let steps = Arc::make_mut(&mut self.steps);
        let at = steps
            .iter()
            .position(|step| matches!(step, Step::Schedule(scheduled) if scheduled.id == task));
        match at {
            Some(at) => {
                steps.remove(at);
                Ok(())
            }
            None => Err(no_such_task(task)),
        }
    }

    /// The depth of what this run emits.
    fn next_depth(&self) -> Result<u32, EventError> {
        let depth = self.place.map_or(0, |place| place.depth + 1);
        match depth <= DEPTH {
            true => Ok(depth),
            false => Err(EventError::new(
                Code::Depth,
                format!("{DEPTH} events led to this run, one after the other"),
            )
            .hint("look for apps that set each other off in a circle")),
        }
    }

    fn place_of(&self, id: u64, depth: u32) -> Place {
        Place {
            depth,
            root: self.place.map_or(id, |place| place.root),
        }
    }

    /// Numbers events and tasks together, from 1. The quotas are far below the number of numbers.
    fn number(&mut self) -> u64 {
        self.made = self.made.saturating_add(1);
        self.id.made(self.made)
    }

    fn push(&mut self, step: Step) {
        Arc::make_mut(&mut self.steps).push(step);
    }

    /// Makes what the run staged ready to take effect, if it completed. It is on disk when this returns. Call it
    /// before the closing is written to the ledger. A run that staged nothing costs nothing here.
    ///
    /// # Errors
    ///
    /// If it cannot be written. Then the run must not be closed as completed.
    pub fn prepare(&mut self, completed: bool) -> Result<(), EngineError> {
        let Some((engine, _)) = &self.engine else {
            return Ok(());
        };
        if !completed || self.is_prepared || self.steps.is_empty() {
            return Ok(());
        }
        let steps = Arc::clone(&self.steps);
        engine.stage(self.id, self.app.clone(), steps, self.used.bytes)?;
        self.is_prepared = true;
        Ok(())
    }

    /// Settles the run by its closing in the ledger: what it staged takes effect or goes, and its delivery is done or
    /// goes on. `outcome` is kept for people. If it is unknown whether the ledger has the closing, do not call this:
    /// the next start asks the ledger.
    ///
    /// # Errors
    ///
    /// If it cannot be written: the next start settles it. Or if the run completed, and what it staged was not prepared.
    pub fn settle(self, ending: Ending, outcome: &str, now: Time) -> Result<(), EngineError> {
        match &self.engine {
            Some(_)
                if ending == Ending::Completed && !self.is_prepared && !self.steps.is_empty() =>
            {
                Err(EngineError::NotPrepared { run: self.id })
            }
            Some((engine, _)) => engine.settle(self.id, ending, outcome.to_owned(), now),
            None => Ok(()),
        }
    }
}

fn no_such_task(task: TaskId) -> EventError {
    EventError::new(Code::NoSuchTask, format!("there is no task {}", task.0))
}
