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

    /// Whether the run may go on: its deadline has not passed, and nobody has interrupted it.
    fn look(&mut self) -> Result<(), Stop>;
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

    fn look(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
