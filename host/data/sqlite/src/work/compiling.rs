//! What it costs that SQLite compiles a statement: the plans of its joins, and all else, as far as its text has not paid for it.

use fractalaw_data_call::Stop;

use super::Work;
use crate::limits::{PLANS_BETWEEN_LOOKS, STEPS_BETWEEN_LOOKS};
use crate::price;

impl Work {
    /// SQLite compiles a statement from here on. It looks at many plans for a join of many tables.
    pub(crate) fn begin_compiling(&mut self) {
        self.plans = Some(0);
    }

    /// Called when SQLite has looked at so many plans. Returns whether to stop.
    pub(super) fn look_at_plans(&mut self, before: u64, plans: u64) -> bool {
        self.plans = Some(before + plans);
        self.pay_plans(before, before + plans).is_err()
    }

    /// Returns the plans that were looked at and paid for.
    pub(crate) fn end_compiling(&mut self) -> u64 {
        self.plans.take().unwrap_or_default()
    }

    /// Pays for plans. A statement that is ready from before pays as if it was compiled now, at the same places.
    pub(crate) fn pay_plans(&mut self, before: u64, plans: u64) -> Result<(), Stop> {
        for at in before / PLANS_BETWEEN_LOOKS + 1..=plans / PLANS_BETWEEN_LOOKS {
            self.spend(price::plan(self.joined).saturating_mul(PLANS_BETWEEN_LOOKS))?;
            if (at * PLANS_BETWEEN_LOOKS).is_multiple_of(STEPS_BETWEEN_LOOKS) {
                self.ask(|budget| budget.look())?;
            }
        }
        Ok(())
    }

    /// Pays for the rest of compiling.
    pub(crate) fn pay_compiling(&mut self, compiling: u64) -> Result<(), Stop> {
        let due = compiling.saturating_sub(self.prepaid);
        self.prepaid = self.prepaid.saturating_sub(compiling);
        match due {
            0 => Ok(()),
            _ => self.spend(due),
        }
    }
}
