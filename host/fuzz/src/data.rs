//! What the targets of data share: the purse that pays for a run, and what holds for every run.

use fractalaw_sqlite::{Budget, Conditions, Failure, Quota, Stop, Used};

use crate::outcomes;

/// 2025-01-01T00:00:00Z, and a seed.
pub(crate) const CONDITIONS: Conditions = Conditions {
    now_ms: Some(1_735_689_600_000),
    seed: 1,
    commits_each_call: false,
    is_measured: false,
};

/// The steps and the pages of one look, at the highest price. A run may use as much more than it has, because
/// work is paid for just after it was done.
const ONE_LOOK_FUEL: u64 = 500_000_000;

/// Fuel, and small quotas.
pub(crate) struct Purse {
    fuel: u64,
    rows: u64,
}

impl Purse {
    pub(crate) fn new(fuel: u64) -> Purse {
        Purse { fuel, rows: 50_000 }
    }
}

impl Budget for Purse {
    fn spend(&mut self, fuel: u64) -> Result<(), Stop> {
        let left = self.fuel.checked_sub(fuel);
        self.fuel = left.unwrap_or(0);
        left.map(|_| ()).ok_or(Stop::OutOfFuel)
    }

    fn count(&mut self, quota: Quota, amount: u64) -> Result<(), Stop> {
        if quota == Quota::Rows {
            self.rows = self
                .rows
                .checked_sub(amount)
                .ok_or(Stop::Quota(Quota::Rows))?;
        }
        Ok(())
    }

    fn spare_fuel(&self) -> u64 {
        self.fuel
    }

    fn look(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

/// # Panics
///
/// If a run did more than its fuel pays for.
pub(crate) fn within(used: Used, fuel: u64) {
    // The cheapest step costs 60.
    let steps = fuel / 60 + 2_000;
    assert!(used.steps <= steps, "{used:?}");
    assert!(used.fuel <= fuel + ONE_LOOK_FUEL, "{used:?}");
}

pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Counts how a call ended.
pub(crate) fn count<T>(what: &str, result: &Result<T, Failure>) {
    outcomes::count(match result {
        Ok(_) => what.to_owned(),
        Err(Failure::Call(error)) => format!("code {}", error.code as u32),
        Err(Failure::Stop(stop)) => stop.to_string(),
    });
}
