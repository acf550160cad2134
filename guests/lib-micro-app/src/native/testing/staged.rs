//! Audit entries, events and tasks. What a run stages takes effect when it completes.

use super::State;
use crate::contract::fractal::app::audit_log::AuditEntry;
use crate::contract::fractal::app::events_emit::{DomainEvent, EventError, EventId};
use crate::contract::fractal::app::events_schedule::{ScheduledTask, TaskId};

/// The error code for a task that does not exist.
const NO_SUCH_TASK: u32 = 12;

/// Events and tasks.
#[derive(Default)]
pub(super) struct Staged {
    pub(super) events: Vec<DomainEvent>,
    pub(super) tasks: Vec<(TaskId, ScheduledTask)>,
    cancelled: Vec<TaskId>,
}

impl State {
    pub(crate) fn record(&mut self, entry: &AuditEntry) {
        self.trail.push(format!(
            "[{}] {} — {}",
            entry.event_type, entry.resource, entry.detail
        ));
    }

    pub(crate) fn emit(&mut self, event: &DomainEvent) -> Result<EventId, EventError> {
        self.staged.events.push(event.clone());
        Ok(self.next())
    }

    pub(crate) fn schedule(&mut self, task: &ScheduledTask) -> Result<TaskId, EventError> {
        let id = self.next();
        self.staged.tasks.push((id, task.clone()));
        Ok(id)
    }

    pub(crate) fn cancel(&mut self, id: TaskId) -> Result<(), EventError> {
        let staged = &mut self.staged;
        if let Some(at) = staged.tasks.iter().position(|(task, _)| *task == id) {
            staged.tasks.remove(at);
            return Ok(());
        }
        let is_there = self.done.tasks.iter().any(|(task, _)| *task == id);
        if !is_there || staged.cancelled.contains(&id) {
            return Err(EventError {
                code: NO_SUCH_TASK,
                message: format!("there is no task {id}"),
            });
        }
        staged.cancelled.push(id);
        Ok(())
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Lets what the run staged take effect, or forgets it.
    pub(super) fn settle(&mut self, completed: bool) {
        let staged = std::mem::take(&mut self.staged);
        if completed {
            let done = &mut self.done;
            done.tasks.retain(|(id, _)| !staged.cancelled.contains(id));
            done.tasks.extend(staged.tasks);
            done.events.extend(staged.events);
        }
        if let Some(tables) = &mut self.tables {
            tables.settle(completed);
        }
    }
}
