//! The start: what the last process left is settled by the ledger's closings.

use std::collections::BTreeMap;

use super::Store;
use super::row::By;
use crate::database::Database;
use crate::error::EngineError;
use crate::ids::{DeliveryId, RunId};
use crate::ledger::Closings;
use crate::retry::Ending;
use crate::time::Time;

/// What is kept as the outcome of a run that has no closing.
const CUT_OFF: &str = "cut-off";

/// Runs that were begun or prepared, and not settled, with how they ended.
pub(crate) struct Unsettled(BTreeMap<RunId, (Ending, String)>);

impl Unsettled {
    /// Finds them, and asks the ledger. A run without a closing was cut off: what it staged goes, and its attempt
    /// counts, because it may have been what ended the process.
    pub(crate) fn find(
        database: &Database,
        closings: &mut dyn Closings,
    ) -> Result<Unsettled, EngineError> {
        let sql = "SELECT run_id FROM deliveries WHERE run_id IS NOT NULL UNION SELECT run_id FROM prepared";
        let found = database.connection.prepare(sql).and_then(|mut statement| {
            let runs = statement.query_map((), |row| row.get::<_, i64>(0))?;
            runs.map(|run| Ok((RunId(run? as u64), (Ending::Failed, CUT_OFF.to_owned()))))
                .collect()
        });
        let mut runs: BTreeMap<_, _> = database.map(found)?;
        let Some((&watermark, _)) = runs.first_key_value() else {
            return Ok(Unsettled(runs));
        };
        let visited = closings.visit(watermark, &mut |run, outcome| {
            if let Some(known) = runs.get_mut(&run) {
                *known = (Ending::of(outcome), outcome.to_owned());
            }
        });
        visited.map_err(EngineError::Ledger)?;
        Ok(Unsettled(runs))
    }
}

impl Store<'_> {
    /// Settles them, in the order of their numbers. Claims are void. If the task of one was cancelled since, its
    /// delivery was kept only for the claim.
    pub(crate) fn recover(&mut self, unsettled: Unsettled, now: Time) -> Result<(), EngineError> {
        for (run, (ending, outcome)) in unsettled.0 {
            self.settle(run, ending, &outcome, now)?;
        }
        let cancelled = "SELECT delivery_id FROM deliveries WHERE cancelled = 1";
        for id in self.rows(cancelled, (), |row| row.get::<_, i64>(0))? {
            if let Some(row) = self.delivery(By::Id(DeliveryId(id as u64)))? {
                self.remove(&row)?;
            }
        }
        Ok(())
    }
}
