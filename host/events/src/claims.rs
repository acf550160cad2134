//! The deliveries that were claimed and whose runs have not begun.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fractalaw_events_engine::Claim;

/// Claims by the key of their delivery. A delivery is claimed once at a time.
#[derive(Default)]
pub(crate) struct Claims(Mutex<HashMap<String, Claim>>);

impl Claims {
    pub(crate) fn keep(&self, key: String, claim: Claim) {
        lock(&self.0).insert(key, claim);
    }

    /// The claim of a delivery. Whoever takes it must use it or keep it again.
    pub(crate) fn take(&self, key: &str) -> Option<Claim> {
        lock(&self.0).remove(key)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        lock(&self.0).contains_key(key)
    }
}

/// A panic leaves nothing half changed behind these locks.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
