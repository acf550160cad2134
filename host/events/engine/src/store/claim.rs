//! Claims: what runs next is taken, and its run begins.

use rusqlite::params;

use super::Store;
use super::row::{By, Of, Row};
use crate::delivery::{Delivery, Trigger};
use crate::error::EngineError;
use crate::ids::{DeliveryId, EventId, RunId, TaskId};
use crate::limits::WINDOW_DELIVERIES;
use crate::next::Next;
use crate::step::Place;
use crate::time::Time;

/// The first deliveries of an app that are ready. However many there are, SQLite reads no more than these.
const READY: &str =
    "SELECT delivery_id FROM deliveries WHERE app = ? AND state = 0 ORDER BY delivery_id LIMIT ?";

impl Store<'_> {
    /// Takes up to so many deliveries that may run now.
    pub(crate) fn claim(&mut self, now: Time, most: usize) -> Result<Vec<Delivery>, EngineError> {
        self.pass(now)?;
        let mut claimed = Vec::new();
        while claimed.len() < most && self.may_claim() {
            self.fill()?;
            let Some(id) = self.queues.next() else {
                break;
            };
            // What is in a queue is in the file.
            if let Some(row) = self.delivery(By::Id(id))? {
                self.claimed.insert(id, row.app.clone());
                claimed.push(self.load_delivery(row)?);
            }
        }
        Ok(claimed)
    }

    /// When there is something to claim.
    pub(crate) fn next(&mut self, now: Time) -> Result<Next, EngineError> {
        self.pass(now)?;
        self.fill()?;
        let is_ready = self.may_claim() && self.queues.has_next();
        Ok(Next::of(is_ready, self.next_time()?))
    }

    fn pass(&mut self, now: Time) -> Result<(), EngineError> {
        self.tick(now)?;
        self.wake(now)
    }

    fn fill(&mut self) -> Result<(), EngineError> {
        for app in self.queues.to_fill() {
            // Those that are claimed are still ready in the file.
            let most = WINDOW_DELIVERIES + self.claimed.len() + 1;
            let ids = self.rows(READY, params![app, most as i64], |row| row.get::<_, i64>(0))?;
            let free = ids.into_iter().map(|id| DeliveryId(id as u64));
            let mut free = free.filter(|id| !self.claimed.contains_key(id));
            let window: Vec<_> = free.by_ref().take(WINDOW_DELIVERIES).collect();
            let has_more = free.next().is_some();
            self.queues.fill(&app, window, has_more);
        }
        Ok(())
    }

    pub(super) fn load_delivery(&self, row: Row) -> Result<Delivery, EngineError> {
        let mut ledger = None;
        let (trigger, payload, place) = match row.of {
            Of::Event(id) => {
                let sql =
                    "SELECT type, source, payload, depth, root FROM events WHERE event_id = ?";
                let event = self.row(sql, [id.0 as i64], |row| {
                    let place = Place {
                        depth: row.get(3)?,
                        root: row.get::<_, i64>(4)? as u64,
                    };
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, place))
                })?;
                let (event_type, source, payload, place) = event.ok_or_else(|| self.lost())?;
                let mut trigger = Trigger::Event {
                    id,
                    event_type,
                    source,
                };
                let mut place = Some(place);
                if id.is_incoming() {
                    let is_tick = self.of_set(row.id, &mut trigger, &mut ledger)?;
                    place = place.filter(|_| !is_tick);
                }
                (trigger, payload, place)
            }
            Of::Tick(task, scheduled_for) => {
                let sql =
                    "SELECT name, cron IS NULL, payload, depth, root FROM tasks WHERE task_id = ?";
                let found = self.row(sql, [task.0 as i64], |row| {
                    let (depth, root) = (row.get(3)?, row.get::<_, Option<i64>>(4)?);
                    let place = Option::zip(depth, root).map(|(depth, root)| Place {
                        depth,
                        root: root as u64,
                    });
                    Ok((row.get(0)?, row.get::<_, bool>(1)?, row.get(2)?, place))
                })?;
                let (name, once, payload, place) = found.ok_or_else(|| self.lost())?;
                let trigger = match once {
                    true => Trigger::At {
                        task,
                        name,
                        scheduled_for,
                    },
                    false => Trigger::Cron {
                        task,
                        name,
                        scheduled_for,
                        missed: row.missed,
                    },
                };
                (trigger, payload, place)
            }
        };
        Ok(Delivery {
            id: row.id,
            app: row.app,
            attempt: row.attempts + 1,
            trigger,
            payload,
            place,
            ledger,
        })
    }

    /// Says of what another node numbered a delivery is, and in which ledger. Returns whether it is a tick.
    fn of_set(
        &self,
        delivery: DeliveryId,
        trigger: &mut Trigger,
        ledger: &mut Option<String>,
    ) -> Result<bool, EngineError> {
        let sql = "SELECT ledger, number, name, scheduled_for, missed FROM incoming WHERE delivery_id = ?";
        let found = self.row(sql, [delivery.0 as i64], |row| {
            let number = row.get::<_, i64>(1)? as u64;
            let (name, missed): (_, i64) = (row.get(2)?, row.get(4)?);
            let time = row.get::<_, Option<i64>>(3)?.map(Time::from_unix_ms);
            Ok((row.get(0)?, number, name, time, missed as u64))
        })?;
        let (of, number, name, time, missed) = found.ok_or_else(|| self.lost())?;
        *ledger = Some(of);
        match (&mut *trigger, time) {
            (_, Some(scheduled_for)) => {
                *trigger = Trigger::Cron {
                    task: TaskId(number),
                    name,
                    scheduled_for,
                    missed,
                };
            }
            (Trigger::Event { id, .. }, None) => *id = EventId(number),
            _ => {}
        }
        Ok(time.is_some())
    }

    /// A delivery without its event or task: the file was changed by something else.
    pub(super) fn lost(&self) -> EngineError {
        EngineError::NotEvents {
            path: self.database.path.clone(),
            why: "a delivery has lost its event or task".to_owned(),
        }
    }

    /// Begins the run of a claim. Returns the descendants of its root, or `None` if the run's number is in use.
    pub(crate) fn start(
        &mut self,
        id: DeliveryId,
        run: RunId,
        place: Option<Place>,
    ) -> Result<Option<u64>, EngineError> {
        if self.is_in_use(run)? {
            return Ok(None);
        }
        self.run(
            "UPDATE deliveries SET state = 2, run_id = ?, attempts = attempts + 1 WHERE delivery_id = ?",
            [run.0 as i64, id.0 as i64],
        )?;
        self.claimed.remove(&id);
        let Some(place) = place else {
            return Ok(Some(0));
        };
        let sql = "SELECT descendants FROM roots WHERE root = ?";
        let descendants = self.row(sql, [place.root as i64], |row| row.get::<_, i64>(0))?;
        Ok(Some(descendants.unwrap_or(0) as u64))
    }

    fn is_in_use(&self, run: RunId) -> Result<bool, EngineError> {
        let sql = "SELECT 1 FROM deliveries WHERE run_id = ?1
                   UNION ALL SELECT 1 FROM prepared WHERE run_id = ?1";
        Ok(run > RunId::MAX || self.row(sql, [run.0 as i64], |_| Ok(()))?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params};

    use super::READY;
    use crate::schema;

    #[test]
    fn what_is_ready_is_found_without_reading_the_rest() {
        let connection = Connection::open_in_memory().unwrap();
        schema::make(&connection, "ledger").unwrap();
        let plan: Vec<String> = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {READY}"))
            .unwrap()
            .query_map(params!["a", 1], |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(
            plan,
            ["SEARCH deliveries USING COVERING INDEX deliveries_to_run (app=?)"]
        );
    }
}
