//! What a host call costs beyond its price, and is known only while it is made: entries that a folder turns out to have,
//! a file behind a stream.
//!
//! It is owed before the work is done, and paid before the guest gets the answer. Who finds that the run cannot pay
//! leaves the work undone: the run is then out of fuel.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Of the call that goes on. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owed(Arc<Sums>);

#[derive(Debug, Default)]
struct Sums {
    /// Fuel that is left after the call's own price.
    left: AtomicU64,
    owed: AtomicU64,
}

impl Owed {
    /// A call begins, with so much fuel left.
    pub(crate) fn begin(&self, left: u64) {
        self.0.left.store(left, Ordering::Relaxed);
        self.0.owed.store(0, Ordering::Relaxed);
    }

    /// Adds to what the call owes; whether the run can pay all of it and go on.
    #[must_use = "what cannot be paid is not done"]
    pub(crate) fn add(&self, fuel: u64) -> bool {
        // A run makes one call at a time.
        let owed = self.0.owed.load(Ordering::Relaxed).saturating_add(fuel);
        self.0.owed.store(owed, Ordering::Relaxed);
        owed < self.0.left.load(Ordering::Relaxed)
    }

    /// What the run has left beside all that the call owes, and to go on.
    pub(crate) fn spare(&self) -> u64 {
        let left = self.0.left.load(Ordering::Relaxed);
        left.saturating_sub(self.0.owed.load(Ordering::Relaxed))
            .saturating_sub(1)
    }

    /// All that the call owes.
    pub(crate) fn take(&self) -> u64 {
        self.0.owed.swap(0, Ordering::Relaxed)
    }
}
