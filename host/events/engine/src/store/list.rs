//! Lists of what is in the file, for people and tests.

use super::Store;
use crate::delivery::{Standing, State, TaskStanding};
use crate::error::EngineError;
use crate::ids::{DeliveryId, EventId, RunId, TaskId};
use crate::time::Time;

impl Store<'_> {
    /// Deliveries in their order, after the one with this number, at most so many.
    pub(crate) fn deliveries(
        &self,
        after: DeliveryId,
        most: usize,
    ) -> Result<Vec<Standing>, EngineError> {
        self.rows(
            "SELECT d.delivery_id, d.app, d.state,
                    iif(i.number IS NULL, d.event_id, iif(i.scheduled_for IS NULL, i.number, NULL)),
                    iif(i.scheduled_for IS NULL, d.task_id, i.number),
                    coalesce(i.scheduled_for, d.scheduled_for), coalesce(i.missed, d.missed), d.attempts, d.due, d.run_id,
                    d.outcome, d.cancelled, i.ledger
             FROM deliveries d LEFT JOIN incoming i ON i.delivery_id = d.delivery_id
             WHERE d.delivery_id > ? ORDER BY d.delivery_id LIMIT ?",
            [after.0 as i64, most.min(i64::MAX as usize) as i64],
            |row| {
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
            },
        )
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
            [after.0 as i64, most.min(i64::MAX as usize) as i64],
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
