//! What one run may still use: fuel, the host's own memory, and time. Whatever works for the run has its account,
//! on any thread.
//!
//! Memory is counted where it grows: the bytes that the guest caused, and a fixed number for each object that
//! holds them. So the count is the same on every machine. The overhead of an allocator is not counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use fractalaw_report::Quota;
use tokio::sync::watch;

use crate::offer::deadline::{DeadlineExceeded, Interrupted};
use crate::offer::quota::QuotaExceeded;

/// The account of a run. Clones are the same account.
#[derive(Clone, Debug)]
pub struct Account(Arc<Sums>);

/// A run does one thing at a time, so each sum has one writer.
#[derive(Debug)]
struct Sums {
    /// The fuel that is left after the price of the current call.
    left: AtomicU64,
    /// The fuel that this call costs beyond its price.
    owed: AtomicU64,
    held_bytes: AtomicU64,
    most_held_bytes: u64,
    deadline: Instant,
    /// Becomes true when the host is to stop.
    stop: Arc<watch::Sender<bool>>,
}

impl Account {
    pub(crate) fn new(
        most_held_bytes: u64,
        deadline: Instant,
        stop: Arc<watch::Sender<bool>>,
    ) -> Account {
        Account(Arc::new(Sums {
            left: AtomicU64::new(0),
            owed: AtomicU64::new(0),
            held_bytes: AtomicU64::new(0),
            most_held_bytes,
            deadline,
            stop,
        }))
    }

    /// A call begins, with that much fuel left.
    pub(crate) fn begin_call(&self, left: u64) {
        self.0.left.store(left, Ordering::Relaxed);
        self.0.owed.store(0, Ordering::Relaxed);
    }

    /// Everything that the call costs beyond its price.
    pub(crate) fn take_owed(&self) -> u64 {
        self.0.owed.swap(0, Ordering::Relaxed)
    }

    /// Charges the current call for work that its price does not cover, such as rows or tokens. Call it before
    /// the work is done. The run pays before the guest gets the answer.
    ///
    /// # Errors
    ///
    /// If the run cannot pay it and go on. Then the work must not be done: the run is out of fuel, whatever the
    /// call returns.
    pub fn charge(&self, fuel: u64) -> wasmtime::Result<()> {
        let owed = self.0.owed.load(Ordering::Relaxed).saturating_add(fuel);
        self.0.owed.store(owed, Ordering::Relaxed);
        if owed < self.0.left.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(wasmtime::Trap::OutOfFuel.into())
    }

    /// The fuel that the call may still be charged.
    pub fn spare_fuel(&self) -> u64 {
        let left = self.0.left.load(Ordering::Relaxed);
        left.saturating_sub(self.0.owed.load(Ordering::Relaxed))
            .saturating_sub(1)
    }

    /// Counts that many bytes of the host's memory, before they are held. If they do not fit, nothing is counted.
    ///
    /// # Errors
    ///
    /// If the run would exceed its quota `host-memory`.
    pub fn hold(&self, bytes: u64) -> wasmtime::Result<()> {
        Ok(self.try_hold(bytes)?)
    }

    pub(crate) fn try_hold(&self, bytes: u64) -> Result<(), QuotaExceeded> {
        let held = self.0.held_bytes.load(Ordering::Relaxed);
        let wanted = held.saturating_add(bytes);
        if wanted > self.0.most_held_bytes {
            return Err(QuotaExceeded {
                quota: Quota::HOST_MEMORY,
                limit: self.0.most_held_bytes,
            });
        }
        self.0.held_bytes.store(wanted, Ordering::Relaxed);
        Ok(())
    }

    /// The bytes are no longer held.
    pub fn release(&self, bytes: u64) {
        self.0.held_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// When the run is cut off, by the machine's clock.
    pub fn deadline(&self) -> Instant {
        self.0.deadline
    }

    /// Whether the run may go on. Work that does not await anything for a long time must call this itself.
    ///
    /// # Errors
    ///
    /// If the run's deadline has passed, or the host was told to stop.
    pub fn check_time(&self) -> wasmtime::Result<()> {
        if Instant::now() >= self.0.deadline {
            return Err(DeadlineExceeded.into());
        }
        if *self.0.stop.borrow() {
            return Err(Interrupted.into());
        }
        Ok(())
    }
}

#[cfg(test)]
impl Account {
    /// An account with this much memory and no other limit.
    pub(crate) fn of_bytes(most_held_bytes: u64) -> Account {
        let later = Instant::now() + std::time::Duration::from_secs(3_600);
        Account::new(most_held_bytes, later, Arc::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_to_the_byte_and_what_is_released_can_be_held_again() {
        let account = Account::of_bytes(100);
        let same = account.clone();
        account.try_hold(60).unwrap();
        same.try_hold(40).unwrap();
        let exceeded = account.try_hold(1).unwrap_err();
        assert_eq!((exceeded.quota, exceeded.limit), (Quota::HOST_MEMORY, 100));
        account.hold(0).unwrap();
        same.release(60);
        assert!(account.hold(61).is_err());
        account.hold(60).unwrap();
        assert!(account.hold(u64::MAX).is_err());
    }

    #[test]
    fn a_call_may_be_charged_all_but_one_unit_of_what_is_left() {
        let account = Account::of_bytes(0);
        account.begin_call(100);
        assert_eq!(account.spare_fuel(), 99);
        account.charge(60).unwrap();
        account.charge(39).unwrap();
        assert_eq!(account.spare_fuel(), 0);
        let ended = account.charge(1).unwrap_err();
        assert_eq!(ended.downcast_ref(), Some(&wasmtime::Trap::OutOfFuel));
        assert_eq!(account.take_owed(), 100);
        assert_eq!(account.take_owed(), 0);
        account.begin_call(2);
        account.charge(1).unwrap();
        assert!(account.charge(u64::MAX).is_err());
    }

    #[test]
    fn work_sees_that_its_run_is_over() {
        let (now, stop) = (Instant::now(), Arc::new(watch::Sender::new(false)));
        let late = Account::new(0, now, Arc::clone(&stop));
        assert!(late.check_time().unwrap_err().is::<DeadlineExceeded>());
        let later = now + std::time::Duration::from_secs(3_600);
        let account = Account::new(0, later, Arc::clone(&stop));
        account.check_time().unwrap();
        stop.send_replace(true);
        assert!(account.check_time().unwrap_err().is::<Interrupted>());
    }
}
