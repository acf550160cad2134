//! What a run may still use. The budget is asked while the engine works.

use crate::failure::{Quota, Stop};

/// The host's side of a run: its fuel, its quotas and its deadline.
///
/// The thread that makes the call asks it, inside the loops of the engine. So every method must be quick and must not
/// wait.
pub trait Budget: Send {
    /// Takes fuel for work that is about to be done, or that was just done. If less is left, it takes the rest.
    fn spend(&mut self, fuel: u64) -> Result<(), Stop>;

    /// Adds to the count of a quota.
    fn count(&mut self, quota: Quota, amount: u64) -> Result<(), Stop>;

    /// Whether this much can be spent and counted without an end of the run. A budget that does not say so makes every
    /// call on a thread that may wait.
    fn affords(&self, _amount: &Amount) -> bool {
        false
    }

    /// The fuel that is left. More than this cannot be spent without an end of the run. A budget that does not say so lets work go
    /// on until it is paid for.
    fn spare_fuel(&self) -> u64 {
        u64::MAX
    }

    /// Whether the run may go on: its deadline has not passed, and nobody has interrupted it.
    fn look(&mut self) -> Result<(), Stop>;
}

/// What a short call took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Its fuel.
    pub fuel: u64,
    /// Its statements.
    pub statements: u64,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// A budget without an end, for tests and for tools that people run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited {
    /// The fuel that was taken.
    pub spent: u64,
}

impl Budget for Unlimited {
    fn spend(&mut self, fuel: u64) -> Result<(), Stop> {
        self.spent = self.spent.saturating_add(fuel);
        Ok(())
    }

    fn count(&mut self, _: Quota, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn affords(&self, _: &Amount) -> bool {
        true
    }

    fn look(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
