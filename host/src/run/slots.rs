//! The line in front of the pool: a run holds a slot while it runs, and more runs than slots wait.

use std::sync::atomic::{AtomicUsize, Ordering};

use fractalaw_report::Refusal;
use tokio::sync::{Semaphore, SemaphorePermit};

/// As many permits as the pool has slots, so that instantiation never finds the pool full.
pub(crate) struct Slots {
    permits: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// A slot held by a run; given back when dropped.
pub(crate) type Slot<'a> = SemaphorePermit<'a>;

impl Slots {
    pub(crate) fn new(slots: u32, max_waiting: usize) -> Slots {
        Slots {
            permits: Semaphore::new(slots as usize),
            waiting: AtomicUsize::new(0),
            max_waiting,
        }
    }

    /// Waits for a slot, first come, first served; refused when the line is already full.
    pub(crate) async fn acquire(&self) -> Result<Slot<'_>, Refusal> {
        if let Ok(permit) = self.permits.try_acquire() {
            return Ok(permit);
        }
        let _place = self.join_line()?;
        let permit = self.permits.acquire().await;
        Ok(permit.expect("the semaphore is never closed"))
    }

    fn join_line(&self) -> Result<Place<'_>, Refusal> {
        let place = Place(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.max_waiting {
            Ok(place)
        } else {
            Err(Refusal::LineFull {
                waiting: self.max_waiting,
            })
        }
    }
}

/// A place in the line, left when dropped, also by a run that its caller gave up.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
