//! What a run staged, in the file before its closing is in the ledger.

use rusqlite::params;

use super::Store;
use super::row::Of;
use crate::error::EngineError;
use crate::ids::{EventId, RunId, TaskId};
use crate::step::{Emitted, Scheduled, Step};

impl Store<'_> {
    /// Writes what a run staged. Nothing of it takes effect.
    pub(crate) fn stage(&self, run: RunId, app: &str, steps: &[Step]) -> Result<(), EngineError> {
        self.run("INSERT INTO prepared VALUES (?)", [run.0 as i64])?;
        for step in steps {
            match step {
                Step::Emit(event) => self.add_event(event)?,
                Step::Schedule(task) => self.add_task(app, task)?,
                Step::Cancel(task) => {
                    let values = [run.0 as i64, task.0 as i64];
                    self.run("INSERT OR IGNORE INTO cancels VALUES (?, ?)", values)?;
                }
            }
        }
        Ok(())
    }

    /// An event counts as soon as it has deliveries.
    pub(super) fn add_event(&self, event: &Emitted) -> Result<(), EngineError> {
        self.run(
            "INSERT INTO events (event_id, type, source, depth, root, payload) VALUES (?, ?, ?, ?, ?, ?)",
            params![
                event.id.0 as i64,
                event.event_type,
                event.source,
                event.place.depth,
                event.place.root as i64,
                event.payload
            ],
        )?;
        Ok(())
    }

    fn add_task(&self, app: &str, task: &Scheduled) -> Result<(), EngineError> {
        self.run(
            "INSERT INTO tasks (task_id, owner, name, target, cron, next, depth, root, staged, payload)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
            params![
                task.id.0 as i64,
                app,
                task.name,
                task.target,
                task.cron,
                task.first.map(crate::time::Time::unix_ms),
                task.place.map(|place| place.depth),
                task.place.map(|place| place.root as i64),
                task.payload
            ],
        )?;
        Ok(())
    }

    /// Makes what a run staged take effect, or removes it.
    pub(super) fn unstage(&mut self, run: RunId, completed: bool) -> Result<(), EngineError> {
        let was_prepared = self.run("DELETE FROM prepared WHERE run_id = ?", [run.0 as i64])?;
        if was_prepared == 0 {
            return Ok(());
        }
        let cancels = "DELETE FROM cancels WHERE run_id = ? RETURNING task_id";
        let cancels = self.rows(cancels, [run.0 as i64], |row| row.get::<_, i64>(0))?;
        let (first, last) = run.range();
        let (first, last) = (first as i64, last as i64);
        if !completed {
            self.run(
                "DELETE FROM events WHERE event_id BETWEEN ? AND ?",
                [first, last],
            )?;
            let tasks = "DELETE FROM tasks WHERE task_id BETWEEN ? AND ? AND staged = 1";
            self.run(tasks, [first, last])?;
            return Ok(());
        }
        for task in cancels {
            self.cancel(TaskId(task as u64))?;
        }
        let events = self.rows(
            "SELECT event_id, type, source, length(payload), depth, root FROM events
             WHERE event_id BETWEEN ? AND ? ORDER BY event_id",
            [first, last],
            |row| {
                Ok(Uncommitted {
                    id: EventId(row.get::<_, i64>(0)? as u64),
                    event_type: row.get(1)?,
                    source: row.get(2)?,
                    bytes: row.get::<_, i64>(3)? as u64,
                    depth: row.get(4)?,
                    root: row.get(5)?,
                })
            },
        )?;
        for event in events {
            self.commit_event(&event)?;
        }
        self.commit_tasks(run)
    }

    /// Makes a delivery for each app that is subscribed. An event that nobody wants goes at once: the ledger has it.
    /// In a set, it goes out instead.
    pub(super) fn commit_event(&mut self, event: &Uncommitted) -> Result<u64, EngineError> {
        if self.set.is_some() {
            return self.send_event(event);
        }
        let apps = std::sync::Arc::clone(&self.apps);
        let mut deliveries = 0;
        for app in apps.subscribers(&event.event_type, &event.source) {
            self.add_delivery(app, Of::Event(event.id), 0)?;
            deliveries += 1;
        }
        if deliveries == 0 {
            let sql = "DELETE FROM events WHERE event_id = ?";
            self.run(sql, [event.id.0 as i64])?;
            return Ok(0);
        }
        self.tally.backlog.bytes += event.bytes;
        if event.depth > 0 {
            self.join_root(event.root)?;
        }
        Ok(deliveries)
    }
}

/// An event in the file that has no deliveries yet.
pub(super) struct Uncommitted {
    pub(super) id: EventId,
    pub(super) event_type: String,
    pub(super) source: String,
    pub(super) bytes: u64,
    pub(super) depth: u32,
    pub(super) root: i64,
}
