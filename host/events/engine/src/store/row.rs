//! The rows of deliveries, events and roots: how they come and go, with what is counted of them.

use rusqlite::params;

use super::Store;
use crate::delivery::{State, event_key, tick_key};
use crate::error::EngineError;
use crate::ids::{DeliveryId, EventId, TaskId};
use crate::time::Time;

/// A row of `deliveries`, without what only lists show.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: DeliveryId,
    pub(super) app: String,
    pub(super) state: State,
    pub(super) of: Of,
    pub(super) missed: u64,
    pub(super) attempts: u32,
    pub(super) cancelled: bool,
}

/// What is delivered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Event(EventId),
    Tick(TaskId, Time),
}

impl Row {
    pub(super) fn key(&self) -> String {
        match self.of {
            Of::Event(event) => event_key(event, &self.app),
            Of::Tick(task, time) => tick_key(task, time),
        }
    }
}

/// What finds a row.
pub(super) enum By {
    Id(DeliveryId),
    Run(i64),
    Task(TaskId),
}

macro_rules! select {
    ($by:literal) => {
        concat!(
            "SELECT delivery_id, app, state, event_id, task_id, scheduled_for, missed, attempts, cancelled \
             FROM deliveries WHERE ",
            $by,
            " = ?"
        )
    };
}

impl Store<'_> {
    pub(super) fn delivery(&self, by: By) -> Result<Option<Row>, EngineError> {
        let (sql, value) = match by {
            By::Id(DeliveryId(id)) => (select!("delivery_id"), id as i64),
            By::Run(run) => (select!("run_id"), run),
            By::Task(TaskId(task)) => (select!("task_id"), task as i64),
        };
        self.row(sql, [value], |row| {
            let number = |at| Ok::<u64, rusqlite::Error>(row.get::<_, i64>(at)? as u64);
            let event: Option<i64> = row.get(3)?;
            Ok(Row {
                id: DeliveryId(number(0)?),
                app: row.get(1)?,
                state: State::of(row.get(2)?),
                of: match event {
                    Some(event) => Of::Event(EventId(event as u64)),
                    None => Of::Tick(TaskId(number(4)?), Time::from_unix_ms(row.get(5)?)),
                },
                missed: number(6)?,
                attempts: row.get(7)?,
                cancelled: row.get(8)?,
            })
        })
    }

    /// Adds a delivery that is ready.
    pub(super) fn add_delivery(
        &mut self,
        app: &str,
        of: Of,
        missed: u64,
    ) -> Result<(), EngineError> {
        self.tally.last_delivery += 1;
        let id = DeliveryId(self.tally.last_delivery);
        let (event, task, time) = match of {
            Of::Event(event) => (Some(event.0 as i64), None, None),
            Of::Tick(task, time) => (None, Some(task.0 as i64), Some(time.unix_ms())),
        };
        self.run(
            "INSERT INTO deliveries (delivery_id, app, state, event_id, task_id, scheduled_for, missed)
             VALUES (?, ?, 0, ?, ?, ?, ?)",
            params![id.0 as i64, app, event, task, time, missed as i64],
        )?;
        self.tally.backlog.deliveries += 1;
        self.queues.ready(app, id);
        Ok(())
    }

    /// Puts a delivery into a state in which no run of it goes on.
    pub(super) fn rest(
        &mut self,
        row: &Row,
        state: State,
        due: Option<Time>,
        attempts: u32,
        outcome: Option<&str>,
    ) -> Result<(), EngineError> {
        self.run(
            "UPDATE deliveries SET state = ?, due = ?, attempts = ?, outcome = coalesce(?, outcome), run_id = NULL
             WHERE delivery_id = ?",
            params![
                state.number(),
                due.map(Time::unix_ms),
                attempts,
                outcome,
                row.id.0 as i64
            ],
        )?;
        match state {
            State::Ready => self.queues.ready(&row.app, row.id),
            State::Waiting => self.queues.waits(&row.app),
            _ => {}
        }
        Ok(())
    }

    /// Removes a delivery that is done or unwanted, and what nothing else needs of it.
    pub(super) fn remove(&mut self, row: &Row) -> Result<(), EngineError> {
        self.run(
            "DELETE FROM deliveries WHERE delivery_id = ?",
            [row.id.0 as i64],
        )?;
        self.tally.backlog.deliveries -= 1;
        self.leave_queue(row);
        match row.of {
            Of::Event(event) => {
                self.done(row.id, event)?;
                let other = "SELECT 1 FROM deliveries WHERE event_id = ? LIMIT 1";
                match self.row(other, [event.0 as i64], |_| Ok(()))? {
                    Some(()) => Ok(()),
                    None => self.remove_event(event),
                }
            }
            Of::Tick(task, _) => self.remove_task_that_ran(task),
        }
    }

    /// A delivery is in none of the queues from now on.
    pub(super) fn leave_queue(&mut self, row: &Row) {
        match row.state {
            State::Ready => self.queues.gone(&row.app, row.id),
            State::Waiting => self.queues.waits_no_more(&row.app),
            _ => {}
        }
    }

    fn remove_event(&mut self, event: EventId) -> Result<(), EngineError> {
        let of = "DELETE FROM events WHERE event_id = ? RETURNING length(payload), root";
        let removed = self.row(of, [event.0 as i64], |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)?))
        })?;
        if let Some((bytes, root)) = removed {
            self.tally.backlog.bytes -= bytes;
            self.leave_root(root)?;
        }
        Ok(())
    }

    /// Counts one more descendant of a root. While anything of a chain is there, its number of descendants is kept.
    pub(super) fn join_root(&mut self, root: i64) -> Result<(), EngineError> {
        let joined =
            "UPDATE roots SET descendants = descendants + 1, live = live + 1 WHERE root = ?
                      RETURNING descendants";
        let count = |row: &rusqlite::Row<'_>| Ok(row.get::<_, i64>(0)? as u64);
        let descendants = match self.row(joined, [root], count)? {
            Some(descendants) => descendants,
            None => {
                // The root itself counts as long as it is there.
                self.run(
                    "INSERT INTO roots SELECT ?1, 1, 1
                       + (SELECT count(*) FROM events WHERE event_id = ?1)
                       + (SELECT count(*) FROM tasks WHERE task_id = ?1)",
                    [root],
                )?;
                1
            }
        };
        self.roots.insert(root as u64, descendants);
        Ok(())
    }

    /// Something of a chain is gone.
    pub(super) fn leave_root(&mut self, root: i64) -> Result<(), EngineError> {
        let left = "UPDATE roots SET live = live - 1 WHERE root = ? RETURNING live";
        let live = self.row(left, [root], |row| row.get::<_, i64>(0))?;
        if live == Some(0) {
            self.run("DELETE FROM roots WHERE root = ?", [root])?;
        }
        Ok(())
    }
}
