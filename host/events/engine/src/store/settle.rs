//! The end of a run: what it staged takes effect or goes, and its delivery is done or goes on.

use std::sync::Arc;

use super::Store;
use super::row::{By, Row};
use crate::delivery::State;
use crate::error::EngineError;
use crate::ids::{DeliveryId, RunId};
use crate::limits::OUTCOME_BYTES;
use crate::retry::{Ending, Fate, attempts, fate};
use crate::time::Time;

impl Store<'_> {
    /// Settles a run by its closing. A run that is not known, or was settled already, changes nothing.
    pub(crate) fn settle(
        &mut self,
        run: RunId,
        ending: Ending,
        outcome: &str,
        now: Time,
    ) -> Result<(), EngineError> {
        self.unstage(run, ending == Ending::Completed)?;
        let Some(row) = self.delivery(By::Run(run.0 as i64))? else {
            return Ok(());
        };
        self.queues.unclaimed(&row.app);
        self.end(&row, ending, row.attempts, outcome, now)
    }

    /// Gives a claim back: its run did not begin. So the attempt does not count.
    pub(crate) fn give_back(
        &mut self,
        id: DeliveryId,
        ending: Ending,
        outcome: &str,
        now: Time,
    ) -> Result<(), EngineError> {
        let Some(app) = self.claimed.remove(&id) else {
            return Ok(());
        };
        self.queues.unclaimed(&app);
        match self.delivery(By::Id(id))? {
            Some(row) => self.end(&row, ending, row.attempts + 1, outcome, now),
            None => Ok(()),
        }
    }

    /// Lets go of a claim that was dropped. It is as if it had never been claimed.
    pub(super) fn let_go(&mut self, id: DeliveryId) -> Result<(), EngineError> {
        let Some(app) = self.claimed.remove(&id) else {
            return Ok(());
        };
        self.queues.unclaimed(&app);
        match self.delivery(By::Id(id))? {
            Some(row) if row.cancelled => self.remove(&row),
            Some(_) => {
                self.queues.ready(&app, id);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn end(
        &mut self,
        row: &Row,
        ending: Ending,
        tried: u32,
        outcome: &str,
        now: Time,
    ) -> Result<(), EngineError> {
        let most = attempts(
            Arc::clone(&self.apps)
                .0
                .get(&row.app)
                .and_then(|app| app.attempts),
        );
        let outcome = Some(cut(outcome));
        match fate(ending, tried, most, &row.key(), now) {
            Fate::Done => self.remove(row),
            _ if row.cancelled => self.remove(row),
            Fate::Retry(at) => self.rest(row, State::Waiting, Some(at), tried, outcome),
            Fate::Dead => self.rest(row, State::Dead, None, tried, outcome),
            Fate::Held => self.rest(row, State::Held, None, tried - 1, outcome),
            Fate::Again => self.rest(row, State::Ready, None, tried - 1, outcome),
        }
    }

    /// Makes a delivery ready that is dead, held or waiting, as if it had just come. Returns whether it was.
    pub(crate) fn retry(&mut self, id: DeliveryId) -> Result<bool, EngineError> {
        match self.delivery(By::Id(id))? {
            Some(row) if matches!(row.state, State::Waiting | State::Held | State::Dead) => {
                if row.state == State::Waiting {
                    self.queues.waits_no_more(&row.app);
                }
                self.rest(&row, State::Ready, None, 0, None)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Makes everything ready that is dead or held, for an app that has a new version or new grants. Returns how many.
    pub(crate) fn offer_again(&mut self, app: &str) -> Result<u64, EngineError> {
        let sql =
            "SELECT delivery_id FROM deliveries WHERE app = ? AND state > 2 ORDER BY delivery_id";
        let ids = self.rows(sql, [app], |row| row.get::<_, i64>(0))?;
        for &id in &ids {
            self.retry(DeliveryId(id as u64))?;
        }
        Ok(ids.len() as u64)
    }

    /// Makes a delivery dead of which no run goes on. Returns whether it did.
    pub(crate) fn lay_aside(&mut self, id: DeliveryId) -> Result<bool, EngineError> {
        let Some(row) = self.delivery(By::Id(id))?.filter(|row| self.is_free(row)) else {
            return Ok(false);
        };
        self.leave_queue(&row);
        self.rest(&row, State::Dead, None, row.attempts, None)?;
        Ok(true)
    }

    /// Removes a delivery of which no run goes on. Returns whether it did.
    pub(crate) fn drop_delivery(&mut self, id: DeliveryId) -> Result<bool, EngineError> {
        let Some(row) = self.delivery(By::Id(id))?.filter(|row| self.is_free(row)) else {
            return Ok(false);
        };
        self.remove(&row)?;
        Ok(true)
    }

    fn is_free(&self, row: &Row) -> bool {
        row.state != State::Running && !self.claimed.contains_key(&row.id)
    }
}

fn cut(outcome: &str) -> &str {
    &outcome[..outcome.floor_char_boundary(OUTCOME_BYTES)]
}
