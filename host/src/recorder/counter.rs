//! The relation between the twin's fuel counter and the counter of the component's own run.
//!
//! The counter can be read only down to zero, and when a hook is called its own cost has already been used. So a
//! twin with the same fuel as the run cannot read the last units, and a twin with more fuel does not run out
//! where the run does. How the run ended is known, and decides which of the two matters.

use std::collections::BTreeMap;

use crate::engine::HOOK_FUEL;

/// Reads and sets the counter.
pub(crate) struct Counter {
    stand: Stand,
    /// How many readings were taken.
    readings: u64,
    /// The readings of at most [`HOOK_FUEL`]: their number, and how little was left.
    low: BTreeMap<u64, u64>,
    guessed: bool,
}

enum Stand {
    /// The twin has one hook's cost more than the run, so every reading is exact.
    Ahead { scout: bool },
    /// The twin has the same fuel as the run, and uses the low readings of another twin.
    Level { known: BTreeMap<u64, u64> },
}

impl Counter {
    /// For a run that had enough fuel.
    pub(crate) fn ahead(budget: u64) -> Counter {
        // If the budget is so large that this overflows, the run cannot use it up.
        match budget.checked_add(HOOK_FUEL) {
            Some(_) => Counter::new(Stand::Ahead { scout: false }),
            None => Counter::level(BTreeMap::new()),
        }
    }

    /// For a run that used up its fuel: a twin with more fuel, which finds the low readings.
    pub(crate) fn scout() -> Counter {
        Counter::new(Stand::Ahead { scout: true })
    }

    /// For a run that used up its fuel.
    pub(crate) fn level(known: BTreeMap<u64, u64>) -> Counter {
        Counter::new(Stand::Level { known })
    }

    fn new(stand: Stand) -> Counter {
        Counter {
            stand,
            readings: 0,
            low: BTreeMap::new(),
            guessed: false,
        }
    }

    /// The fuel that the twin's store must be given for a run with this budget.
    pub(crate) fn fuel_for(&self, budget: u64) -> u64 {
        match self.stand {
            Stand::Ahead { .. } => budget.saturating_add(HOOK_FUEL),
            Stand::Level { .. } => budget,
        }
    }

    /// The fuel that the run itself would have left when the counter shows this outside of a hook.
    pub(crate) fn left_of(&self, counted: u64) -> u64 {
        match self.stand {
            Stand::Ahead { .. } => counted.saturating_sub(HOOK_FUEL),
            Stand::Level { .. } => counted,
        }
    }

    /// In a hook: the fuel that the run itself would have left, and what the counter must be set to.
    pub(crate) fn read(&mut self, counted: u64) -> (u64, u64) {
        let reading = self.readings;
        self.readings += 1;
        match &self.stand {
            Stand::Ahead { scout } => {
                if *scout && (1..=HOOK_FUEL).contains(&counted) {
                    self.low.insert(reading, counted);
                }
                (counted, counted.saturating_add(HOOK_FUEL))
            }
            Stand::Level { .. } if counted > 0 => {
                let left = counted.saturating_add(HOOK_FUEL);
                (left, left)
            }
            Stand::Level { known } => {
                self.guessed = true;
                let left = known.get(&reading).copied().unwrap_or(0);
                (left, left)
            }
        }
    }

    /// Whether this twin is a scout past the point where the run itself ended. The run checks its counter before
    /// it enters a function.
    pub(crate) fn is_past_the_end(&self, left: u64) -> bool {
        left == 0 && matches!(self.stand, Stand::Ahead { scout: true })
    }

    /// Whether a reading of zero may really have been up to [`HOOK_FUEL`].
    pub(crate) fn guessed(&self) -> bool {
        self.guessed
    }

    /// The low readings that a scout found.
    pub(crate) fn into_low(self) -> BTreeMap<u64, u64> {
        self.low
    }
}
