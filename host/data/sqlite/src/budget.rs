//! What a run may still use, asked while SQLite works.

use crate::error::{Quota, Stop};

/// The host's side of a run: its fuel, its quotas, its deadline.
///
/// It is asked on the thread that makes the call, within SQLite's own loops: it must be quick and must not wait.
pub trait Budget: Send {
    /// Takes fuel for work that is about to be done or was just done. Where less is left, it takes what there is.
    fn spend(&mut self, fuel: u64) -> Result<(), Stop>;

    /// Counts towards a quota.
    fn count(&mut self, quota: Quota, amount: u64) -> Result<(), Stop>;

    /// Whether the run may go on: its deadline has not passed and nobody interrupts it.
    fn look(&mut self) -> Result<(), Stop>;
}

/// A budget that never ends, for tools that people run and for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited {
    /// Fuel that was taken.
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
