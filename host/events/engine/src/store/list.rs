//! Lists of what is in the file, for people and tests.

use rusqlite::{Row, params};

use super::Store;
use super::row::By;
use crate::delivery::{Inside, Standing, State, TaskStanding};
use crate::error::EngineError;
use crate::ids::{DeliveryId, EventId, RunId, TaskId};
use crate::time::Time;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT d.delivery_id, d.app, d.state,
                    iif(i.number IS NULL, d.event_id, iif(i.scheduled_for IS NULL, i.number, NULL)),
                    iif(i.scheduled_for IS NULL, d.task_id, i.number),
                    coalesce(i.scheduled_for, d.scheduled_for), coalesce(i.missed, d.missed), d.attempts, d.due, d.run_id,
                    d.outcome, d.cancelled, i.ledger
             FROM deliveries d LEFT JOIN incoming i ON i.delivery_id = d.delivery_id
             WHERE ",
            $which
        )
    };
}

/// A limit of rows as SQLite has it.
fn number(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// The number after which a list goes on. SQLite has none above this one, and a row neither.
fn past(after: u64) -> i64 {
    i64::try_from(after).unwrap_or(i64::MAX)
}

fn standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let number = |at| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at)?.map(|n| n as u64));
    let time = |at| {
        let time = row.get::<_, Option<i64>>(at)?;
        Ok::<_, rusqlite::Error>(time.map(Time::from_unix_ms))
    };
    Ok(Standing {
        id: DeliveryId(row.get::<_, i64>(0)? as u64),
        app: row.get(1)?,
        state: State::of(row.get(2)?),
        event: number(3)?.map(EventId),
        tick: number(4)?.map(TaskId).zip(time(5)?),
        missed: row.get::<_, i64>(6)? as u64,
        attempts: row.get(7)?,
        due: time(8)?,
        run: number(9)?.map(RunId),
        outcome: row.get(10)?,
        cancelled: row.get(11)?,
        ledger: row.get(12)?,
    })
}

impl Store<'_> {
    /// Deliveries in their order, after the one with this number, at most so many.
    pub(crate) fn deliveries(
        &self,
        after: DeliveryId,
        most: usize,
    ) -> Result<Vec<Standing>, EngineError> {
        let sql = select!("d.delivery_id > ?1 ORDER BY d.delivery_id LIMIT ?2");
        self.rows(sql, params![past(after.0), number(most)], standing)
    }

    /// The same for those in one of these states.
    pub(crate) fn deliveries_in(
        &self,
        states: [State; 2],
        after: DeliveryId,
        most: usize,
    ) -> Result<Vec<Standing>, EngineError> {
        let sql =
            select!("d.delivery_id > ?1 AND d.state IN (?3, ?4) ORDER BY d.delivery_id LIMIT ?2");
        let [one, other] = states.map(State::number);
        let values = params![past(after.0), number(most), one, other];
        self.rows(sql, values, standing)
    }

    /// What is left of the deliveries of an event of this node, in the order of the apps' names.
    pub(crate) fn deliveries_of(&self, event: EventId) -> Result<Vec<Standing>, EngineError> {
        let sql = select!("d.event_id = ?1 ORDER BY d.app");
        self.rows(sql, [event.0 as i64], standing)
    }

    /// How many deliveries of each app are in each state.
    pub(crate) fn counts(&self) -> Result<Vec<(String, State, u64)>, EngineError> {
        let sql =
            "SELECT app, state, count(*) FROM deliveries GROUP BY app, state ORDER BY app, state";
        self.rows(sql, (), |row| {
            let count = row.get::<_, i64>(2)? as u64;
            Ok((row.get(0)?, State::of(row.get(1)?), count))
        })
    }

    /// A delivery with what is in it.
    pub(crate) fn inside(&self, id: DeliveryId) -> Result<Option<Inside>, EngineError> {
        let standing = self.row(select!("d.delivery_id = ?1"), [id.0 as i64], standing)?;
        let Some((standing, row)) = standing.zip(self.delivery(By::Id(id))?) else {
            return Ok(None);
        };
        let delivery = self.load_delivery(row)?;
        Ok(Some(Inside { standing, delivery }))
    }

    /// The input of a task.
    pub(crate) fn payload_of(&self, task: TaskId) -> Result<Option<Vec<u8>>, EngineError> {
        let sql = "SELECT payload FROM tasks WHERE task_id = ? AND staged = 0";
        self.row(sql, [task.0 as i64], |row| row.get(0))
    }

    /// Tasks in the order of their numbers, after this one, at most so many.
    pub(crate) fn tasks(
        &self,
        after: TaskId,
        most: usize,
    ) -> Result<Vec<TaskStanding>, EngineError> {
        self.rows(
            "SELECT task_id, owner, name, target, cron, next, skipped FROM tasks
             WHERE staged = 0 AND task_id > ? ORDER BY task_id LIMIT ?",
            [past(after.0), most.min(i64::MAX as usize) as i64],
            |row| {
                Ok(TaskStanding {
                    id: TaskId(row.get::<_, i64>(0)? as u64),
                    owner: row.get(1)?,
                    name: row.get(2)?,
                    target: row.get(3)?,
                    cron: row.get(4)?,
                    next: row.get::<_, Option<i64>>(5)?.map(Time::from_unix_ms),
                    skipped: row.get::<_, i64>(6)? as u64,
                })
            },
        )
    }
}
