//! `fractal:app/events-schedule`: stages tasks, which start micro-apps later, and cancels them.

use fractalaw_events_engine::{Task, TaskId};
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Payload, PricedLinker, RunState};
use serde_json::json;

use crate::failure::{Refused, failed};
use crate::session::{EventsSession, noted};
use crate::tables::{CANCEL_FUNCTION, SCHEDULE_FUNCTION};

/// A run to start later.
#[derive(Debug, wasmtime::component::ComponentType, wasmtime::component::Lift)]
#[component(record)]
pub(crate) struct ScheduledTask {
    name: String,
    cron: Option<String>,
    #[component(name = "run-at")]
    run_at: Option<u64>,
    #[component(name = "target-app")]
    target: String,
    payload: Vec<u8>,
}

impl Payload for ScheduledTask {
    fn bytes(&self) -> u64 {
        let when = self.cron.bytes() + self.run_at.bytes();
        self.name.bytes() + when + self.target.bytes() + self.payload.bytes()
    }
}

pub(crate) fn add_to_linker(linker: &mut PricedLinker<'_>) -> Called<()> {
    linker.function(&SCHEDULE_FUNCTION, schedule)?;
    linker.async_function(&CANCEL_FUNCTION, cancel)
}

type Id = Result<u64, Refused>;

fn schedule(state: &mut RunState, (task,): (ScheduledTask,)) -> Called<(Id,)> {
    let bytes = task.bytes();
    state.note(|| {
        vec![
            ("target".to_owned(), noted(&task.target)),
            ("bytes".to_owned(), json!(task.payload.len())),
        ]
    });
    let session = state.session::<EventsSession>();
    session.hold(bytes)?;
    let scheduled = session.stage(|run, app| {
        run.schedule(Task {
            name: task.name,
            cron: task.cron,
            run_at: task.run_at,
            target: app.source(&task.target).to_owned(),
            payload: task.payload,
        })
    })?;
    Ok((scheduled.map(|id| id.0).map_err(Refused::from),))
}

/// Cancels a task. A task of an earlier run is looked up in the file, so this waits on a thread.
async fn cancel(state: &mut RunState, (id,): (u64,)) -> Called<(Result<(), Refused>,)> {
    state.note(|| vec![("task".to_owned(), json!(id.to_string()))]);
    let session = state.session::<EventsSession>();
    session.hold(0)?;
    let cancelled = session
        .stage_beside(move |run| run.cancel(TaskId(id)))
        .await?;
    Ok((cancelled.map_err(failed)?.map_err(Refused::from),))
}
