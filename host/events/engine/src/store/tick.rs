//! Time passes: ticks fire, and retries become ready.

use rusqlite::params;

use super::Store;
use super::row::{By, Of};
use crate::cron::Schedule;
use crate::delivery::State;
use crate::error::EngineError;
use crate::ids::{DeliveryId, TaskId};
use crate::limits::{BACKLOG_DELIVERIES, RETRY_LATEST, TICKS_AT_ONCE};
use crate::time::Time;

struct Due {
    id: TaskId,
    owner: String,
    target: String,
    cron: Option<String>,
    next: Time,
}

/// One or more ticks of a task that are due together.
struct Ticks {
    /// The last of them, for which the run is.
    scheduled_for: Time,
    /// How many come before it.
    missed: u64,
    /// The first tick that is not due.
    next: Option<Time>,
}

impl Store<'_> {
    /// Fires what is due, in the order of the times for which it was scheduled.
    pub(super) fn tick(&mut self, now: Time) -> Result<(), EngineError> {
        loop {
            let due = self.rows(
                "SELECT task_id, target, cron, next, owner FROM tasks
                 WHERE next <= ? AND staged = 0 ORDER BY next, task_id LIMIT ?",
                [now.unix_ms(), TICKS_AT_ONCE as i64],
                |row| {
                    Ok(Due {
                        id: TaskId(row.get::<_, i64>(0)? as u64),
                        target: row.get(1)?,
                        cron: row.get(2)?,
                        next: Time::from_unix_ms(row.get(3)?),
                        owner: row.get(4)?,
                    })
                },
            )?;
            if due.is_empty() {
                return Ok(());
            }
            for task in due {
                self.fire(&task, now)?;
            }
        }
    }

    fn fire(&mut self, task: &Due, now: Time) -> Result<(), EngineError> {
        let ticks = ticks(task, now);
        let before = self.delivery(By::Task(task.id))?;
        let goes_on = before.as_ref().is_some_and(|row| row.state != State::Dead);
        // A task that runs once is never skipped: nothing comes after it.
        let is_full = task.cron.is_some() && self.backlog().deliveries >= BACKLOG_DELIVERIES;
        let is_skipped = goes_on || is_full;
        let skipped = if is_skipped { ticks.missed + 1 } else { 0 };
        // First, because a task whose only tick is gone goes with its delivery.
        self.run(
            "UPDATE tasks SET next = ?, skipped = skipped + ? WHERE task_id = ?",
            params![
                ticks.next.map(Time::unix_ms),
                skipped as i64,
                task.id.0 as i64
            ],
        )?;
        if is_skipped {
            return Ok(());
        }
        if task.cron.is_some() && self.is_shared(&task.owner) {
            return self.send_tick(task.id, ticks.scheduled_for, ticks.missed);
        }
        if let Some(dead) = before {
            // Its runs are in the ledger. The new tick takes its place, so a task leaves one dead delivery at most.
            self.remove(&dead)?;
        }
        let of = Of::Tick(task.id, ticks.scheduled_for);
        self.add_delivery(&task.target, of, ticks.missed)
    }

    /// Makes deliveries ready whose next attempt is due. A time that is further ahead than any retry was set by a
    /// clock that has been set back since, and counts as due.
    pub(super) fn wake(&mut self, now: Time) -> Result<(), EngineError> {
        let due = "SELECT delivery_id FROM deliveries WHERE due <= ? ORDER BY due, delivery_id";
        let ahead = "SELECT delivery_id FROM deliveries WHERE due > ? ORDER BY due, delivery_id";
        for (sql, time) in [(due, now), (ahead, now.plus(RETRY_LATEST))] {
            for id in self.rows(sql, [time.unix_ms()], |row| row.get::<_, i64>(0))? {
                let id = DeliveryId(id as u64);
                if let Some(row) = self.delivery(By::Id(id))? {
                    self.queues.waits_no_more(&row.app);
                    self.rest(&row, State::Ready, None, row.attempts, None)?;
                }
            }
        }
        Ok(())
    }

    /// When time alone makes something ready: the first tick or retry.
    pub(super) fn next_time(&self) -> Result<Option<Time>, EngineError> {
        let time = |row: &rusqlite::Row<'_>| row.get::<_, Option<i64>>(0);
        let tick = "SELECT min(next) FROM tasks WHERE next IS NOT NULL AND staged = 0";
        let retry = "SELECT min(due) FROM deliveries WHERE due IS NOT NULL";
        let times = [self.row(tick, (), time)?, self.row(retry, (), time)?];
        let times = times.into_iter().flatten().flatten();
        Ok(times.min().map(Time::from_unix_ms))
    }
}

fn ticks(task: &Due, now: Time) -> Ticks {
    // An expression that was accepted is accepted again.
    let schedule = task
        .cron
        .as_ref()
        .and_then(|cron| Schedule::parse(cron).ok());
    let Some(schedule) = schedule else {
        return Ticks {
            scheduled_for: task.next,
            missed: 0,
            next: None,
        };
    };
    let last = schedule.last_until(now).filter(|&last| last > task.next);
    let scheduled_for = last.unwrap_or(task.next);
    Ticks {
        scheduled_for,
        missed: schedule.count(task.next, scheduled_for),
        next: schedule.after(scheduled_for),
    }
}
