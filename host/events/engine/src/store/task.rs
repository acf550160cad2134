//! The rows of tasks: how they come to life, and how they go.

use rusqlite::params;

use super::Store;
use super::row::By;
use crate::delivery::State;
use crate::error::EngineError;
use crate::ids::{RunId, TaskId};

impl Store<'_> {
    /// The app that scheduled a task, if there is one that can be cancelled.
    pub(crate) fn owner_of(&self, task: TaskId) -> Result<Option<String>, EngineError> {
        let sql = "SELECT owner FROM tasks WHERE task_id = ? AND staged = 0";
        self.row(sql, [task.0 as i64], |row| row.get(0))
    }

    /// Makes the tasks that a run staged count.
    pub(super) fn commit_tasks(&mut self, run: RunId) -> Result<(), EngineError> {
        let (first, last) = run.range();
        let staged = self.rows(
            "UPDATE tasks SET staged = 0 WHERE task_id BETWEEN ? AND ? AND staged = 1
             RETURNING task_id, owner, length(payload), depth, root",
            [first as i64, last as i64],
            |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, i64>(2)? as u64,
                    row.get::<_, Option<u32>>(3)?,
                    row.get::<_, Option<i64>>(4)?,
                ))
            },
        )?;
        for (_, owner, bytes, depth, root) in staged {
            *self.tally.tasks.entry(owner).or_default() += 1;
            self.tally.backlog.bytes += bytes;
            if let (Some(1..), Some(root)) = (depth, root) {
                self.join_root(root)?;
            }
        }
        Ok(())
    }

    /// Makes a task start no more runs. A run that was claimed goes on, and is not tried again.
    pub(super) fn cancel(&mut self, task: TaskId) -> Result<(), EngineError> {
        if let Some(row) = self.delivery(By::Task(task))? {
            let goes_on = row.state == State::Running || self.claimed.contains_key(&row.id);
            if goes_on {
                let sql = "UPDATE deliveries SET cancelled = 1 WHERE delivery_id = ?";
                self.run(sql, [row.id.0 as i64])?;
            } else {
                self.remove(&row)?;
            }
        }
        self.remove_task(task)
    }

    /// Removes a task that runs once, because its run is done.
    pub(super) fn remove_task_that_ran(&mut self, task: TaskId) -> Result<(), EngineError> {
        let once = "SELECT 1 FROM tasks WHERE task_id = ? AND cron IS NULL";
        match self.row(once, [task.0 as i64], |_| Ok(()))? {
            Some(()) => self.remove_task(task),
            None => Ok(()),
        }
    }

    fn remove_task(&mut self, task: TaskId) -> Result<(), EngineError> {
        let removed = self.row(
            "DELETE FROM tasks WHERE task_id = ? AND staged = 0 RETURNING owner, length(payload), root",
            params![task.0 as i64],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, i64>(1)? as u64,
                    row.get::<_, Option<i64>>(2)?,
                ))
            },
        )?;
        let Some((owner, bytes, root)) = removed else {
            return Ok(());
        };
        self.tally.backlog.bytes -= bytes;
        if let Some(tasks) = self.tally.tasks.get_mut(&owner) {
            *tasks -= 1;
            if *tasks == 0 {
                self.tally.tasks.remove(&owner);
            }
        }
        root.map_or(Ok(()), |root| self.leave_root(root))
    }
}
