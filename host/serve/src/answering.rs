//! What a request does: on a supervisor that runs, or on the files alone.

use std::sync::Arc;

use fractalaw_events_engine::{DeliveryId, Standing, State, Task, TaskId};
use serde_json::Value;

use crate::awaited::Awaited;
use crate::blocking::blocking;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::desk::{Desk, PERSON};
use crate::error::ServeError;
use crate::folder::Folder;
use crate::request::{Answer, DeliveryRow, Emitted, InsideRow, Request, TaskRow};
use crate::status::Status;
use crate::supervisor::{Stopping, Supervisor, files};

impl Supervisor {
    /// Does what a request asks for.
    pub async fn answer(&self, request: Request) -> Answer {
        let done = match request {
            Request::Emit {
                event_type,
                payload,
                wait: true,
            } => self.emit_and_wait(event_type, payload).await,
            Request::Reload { app } => self.reload_apps(app).await,
            Request::RollBack { app } => self.roll_back(&app).await.map(|()| Value::Null),
            Request::Pin { app, pinned } => self.pin(&app, pinned).await.map(|()| Value::Null),
            Request::Apps => Ok(json(self.apps())),
            Request::Status => {
                let supervisor = self.clone();
                blocking(move || supervisor.status().map(json)).await
            }
            of_desk => {
                let supervisor = self.clone();
                blocking(move || {
                    let done = supervisor.desk().answer(of_desk);
                    supervisor.wake();
                    // Somebody may wait for the end of what was dropped.
                    supervisor.tell_ended();
                    done
                })
                .await
            }
        };
        Answer::of(done)
    }

    async fn reload_apps(&self, app: Option<String>) -> Result<Value, ServeError> {
        let names = match app {
            Some(app) => vec![app],
            None => self.apps().into_iter().map(|app| app.name).collect(),
        };
        let mut failed = Ok(Value::Null);
        for name in names {
            if let Err(error) = self.reload(&name).await {
                failed = failed.and(Err(error));
            }
        }
        failed
    }

    /// Answers when no delivery of the event goes on. Those that are dead or held are left.
    async fn emit_and_wait(
        &self,
        event_type: String,
        payload: Vec<u8>,
    ) -> Result<Value, ServeError> {
        if self.desk().is_in_set {
            return Err(ServeError::asked_with(
                "a node of a set does not know when the runs of an event have ended: they may be on other nodes",
                "leave out `--wait`",
            ));
        }
        let supervisor = self.clone();
        let mut ended = self.ended();
        let taken = blocking(move || {
            let done = Awaited::emit(supervisor.desk(), &event_type, payload);
            supervisor.wake();
            done
        });
        let (taken, awaited) = taken.await?;
        let awaited = Arc::new(awaited);
        let mut stop = self.stopping();
        loop {
            ended.borrow_and_update();
            let of = Arc::clone(&awaited);
            let (left, dropped) = blocking(move || of.deliveries()).await?;
            let has_ended =
                |standing: &Standing| matches!(standing.state, State::Dead | State::Held);
            // A run has settled its delivery a moment before the journal has the run.
            if left.iter().all(has_ended) && !self.is_running(taken.event) {
                let not_completed = dropped + left.len() as u64;
                return Ok(json(Emitted {
                    completed: Some(taken.deliveries.saturating_sub(not_completed)),
                    ..Emitted::from(taken)
                }));
            }
            tokio::select! {
                changed = ended.changed() => {
                    changed.map_err(|_| ServeError::asked("the supervisor has ended"))?;
                }
                _ = stop.wait_for(|stopping| *stopping != Stopping::No) => {
                    return Err(ServeError::asked_with(
                        format!("event {} is taken, and the supervisor stops before its runs have ended", taken.event.0),
                        "they go on when it starts again",
                    ));
                }
            }
        }
    }
}

impl Desk {
    /// Does what a request asks of events and tasks.
    fn answer(&self, request: Request) -> Result<Value, ServeError> {
        match request {
            Request::Emit {
                event_type,
                payload,
                ..
            } => {
                let taken = self.emit(&event_type, PERSON, payload)?;
                Ok(json(Emitted::from(taken)))
            }
            Request::Deliveries { dead, after } => {
                let rows = self.deliveries(DeliveryId(after), dead)?.into_iter();
                Ok(json(rows.map(DeliveryRow::from).collect::<Vec<_>>()))
            }
            Request::Show { delivery } => {
                Ok(json(InsideRow::from(self.inside(DeliveryId(delivery))?)))
            }
            Request::Retry { delivery: Some(id) } => self.retry(DeliveryId(id)).map(|()| json(1)),
            Request::Drop { delivery: Some(id) } => {
                self.drop_delivery(DeliveryId(id)).map(|()| json(1))
            }
            Request::Retry { delivery: None } => self.each_dead(Desk::retry),
            Request::Drop { delivery: None } => self.each_dead(Desk::drop_dead),
            Request::Tasks { after } => {
                let rows = self.tasks(TaskId(after))?.into_iter();
                Ok(json(rows.map(TaskRow::from).collect::<Vec<_>>()))
            }
            Request::Schedule {
                app,
                name,
                cron,
                run_at,
                payload,
            } => {
                let task = Task {
                    name,
                    cron,
                    run_at,
                    target: app,
                    payload,
                };
                Ok(json(self.schedule(PERSON, task)?.0))
            }
            Request::Cancel { task } => self.cancel(TaskId(task)).map(|()| Value::Null),
            Request::Apps
            | Request::Status
            | Request::Reload { .. }
            | Request::RollBack { .. }
            | Request::Pin { .. } => Err(ServeError::asked_with(
                "no supervisor runs in the folder",
                "start one: `fractalaw serve`",
            )),
        }
    }

    /// Does something with all deliveries that are dead or held. One that is no longer so in the meantime is passed over.
    fn each_dead(
        &self,
        work: impl Fn(&Desk, DeliveryId) -> Result<(), ServeError>,
    ) -> Result<Value, ServeError> {
        let (mut after, mut count) = (DeliveryId(0), 0);
        loop {
            let dead = self.deliveries(after, true)?;
            let Some(last) = dead.last() else {
                return Ok(json(count));
            };
            after = last.id;
            for standing in dead {
                match work(self, standing.id) {
                    Ok(()) => count += 1,
                    Err(ServeError::Asked { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// Does what a request asks for, on the files of a folder that no supervisor serves.
///
/// # Errors
///
/// If a supervisor serves it, if no supervisor ever did, or if the files cannot be used.
pub fn answer_from_files(served: &std::path::Path, request: Request) -> Result<Answer, ServeError> {
    let config = Config::load(served)?;
    let folder = Folder::of(served);
    if !folder.was_served() {
        return Err(ServeError::asked_with(
            format!("no supervisor has served `{}` yet", served.display()),
            "start one: `fractalaw serve`",
        ));
    }
    let _lock = folder.lock().map_err(|error| match error {
        // It was asked before, and nobody listened.
        ServeError::Served { folder, process } => ServeError::NotReady { folder, process },
        error => error,
    })?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (desk, apps) = files(&folder, &config, Arc::clone(&clock), &Arc::default())?;
    let done = match request {
        Request::Apps => Ok(json(apps.shown())),
        Request::Status => Status::of(None, false, &*clock, &desk.engine, apps.shown(), |_| {
            Default::default()
        })
        .map(json),
        Request::Emit { wait: true, .. } => Err(ServeError::asked_with(
            "no supervisor runs in the folder, and nothing would end",
            "start one, or leave out `--wait`",
        )),
        of_desk => desk.answer(of_desk),
    };
    Ok(Answer::of(done))
}

/// What is answered can always be written as JSON.
fn json(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
