//! How the twin's fuel counter stands to that of the component's own run.
//!
//! The counter can be read only down to zero, and a hook is called when its own cost is used already. So a
//! twin that has as much fuel as the run cannot read the last units of it, and one that has more does not
//! run out where the run does. Which of the two matters depends on how the run ended, which is known.

use std::collections::BTreeMap;

use crate::engine::HOOK_FUEL;

/// Reads and sets the counter.
pub(crate) struct Counter {
    stand: Stand,
    /// How many readings were taken.
    readings: u64,
    /// Readings of at most [`HOOK_FUEL`]: which they were, and how little was left.
    low: BTreeMap<u64, u64>,
    guessed: bool,
}

enum Stand {
    /// One hook's cost ahead of the run, so that every reading is exact.
    Ahead { scout: bool },
    /// Level with the run, with the low readings that another twin took.
    Level { known: BTreeMap<u64, u64> },
}

impl Counter {
    /// For a run whose fuel sufficed.
    pub(crate) fn ahead(budget: u64) -> Counter {
        // A budget that cannot be gone past cannot be used up either.
        match budget.checked_add(HOOK_FUEL) {
            Some(_) => Counter::new(Stand::Ahead { scout: false }),
            None => Counter::level(BTreeMap::new()),
        }
    }

    /// For a run that used up its fuel: ahead of it, for the low readings.
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

    /// What the twin's store is to be given for a run with this budget.
    pub(crate) fn fuel_for(&self, budget: u64) -> u64 {
        match self.stand {
            Stand::Ahead { .. } => budget.saturating_add(HOOK_FUEL),
            Stand::Level { .. } => budget,
        }
    }

    /// What the run itself would have left when the counter shows this outside of a hook.
    pub(crate) fn left_of(&self, counted: u64) -> u64 {
        match self.stand {
            Stand::Ahead { .. } => counted.saturating_sub(HOOK_FUEL),
            Stand::Level { .. } => counted,
        }
    }

    /// In a hook: what the run itself would have left, and what the counter is to be set to.
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

    /// Whether this is a scout where the run itself did not come: it looks at its counter before it enters
    /// a function.
    pub(crate) fn is_past_the_end(&self, left: u64) -> bool {
        left == 0 && matches!(self.stand, Stand::Ahead { scout: true })
    }

    /// Whether a reading was taken for zero that may have been up to [`HOOK_FUEL`].
    pub(crate) fn guessed(&self) -> bool {
        self.guessed
    }

    /// What a scout found.
    pub(crate) fn into_low(self) -> BTreeMap<u64, u64> {
        self.low
    }
}
