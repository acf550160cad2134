//! What one run makes the host hold in its own memory: counted where it grows, against one bound.
//!
//! Counted are bytes that the guest caused, and a flat number for each thing that holds them, so that the count is the
//! same on every machine. What an allocator makes of it is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fractalaw_report::Quota;

use crate::offer::quota::QuotaExceeded;

/// Of an entry of a listing, beside its name: its place in the order, its type, and what an allocation takes.
pub(crate) const LISTED_ENTRY_BYTES: u64 = 64;

/// Of an audit entry, beside its text.
pub(crate) const AUDIT_ENTRY_BYTES: u64 = 128;

/// A run's account. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct HostMemory(Arc<Account>);

#[derive(Debug)]
struct Account {
    used: AtomicU64,
    limit: u64,
}

impl HostMemory {
    pub(crate) fn new(limit: u64) -> HostMemory {
        HostMemory(Arc::new(Account {
            used: AtomicU64::new(0),
            limit,
        }))
    }

    /// Counts so many bytes, before they are held. Of what does not fit, nothing is counted.
    pub(crate) fn take(&self, bytes: u64) -> Result<(), QuotaExceeded> {
        let Account { used, limit } = &*self.0;
        // A run does one thing at a time.
        let wanted = used.load(Ordering::Relaxed).saturating_add(bytes);
        if wanted > *limit {
            return Err(QuotaExceeded {
                quota: Quota::HOST_MEMORY,
                limit: *limit,
            });
        }
        used.store(wanted, Ordering::Relaxed);
        Ok(())
    }

    /// They are not held any more.
    pub(crate) fn give_back(&self, bytes: u64) {
        self.0.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_reached_to_the_byte_and_what_is_given_back_can_be_taken_again() {
        let memory = HostMemory::new(100);
        let same = memory.clone();
        memory.take(60).unwrap();
        same.take(40).unwrap();
        let exceeded = memory.take(1).unwrap_err();
        assert_eq!((exceeded.quota, exceeded.limit), (Quota::HOST_MEMORY, 100));
        memory.take(0).unwrap();
        same.give_back(60);
        assert!(memory.take(61).is_err());
        memory.take(60).unwrap();
        assert!(memory.take(u64::MAX).is_err());
    }
}
