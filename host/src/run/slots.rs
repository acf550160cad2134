//! The line in front of the pool: a run holds a slot while it runs, and further runs wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fractalaw_report::Refusal;
use tokio::sync::{Semaphore, SemaphorePermit};

/// It has as many permits as the pool has slots, so instantiation never finds the pool full.
pub(crate) struct Slots {
    permits: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// A slot that a run holds. It is given back when it is dropped.
pub(crate) type Slot<'a> = SemaphorePermit<'a>;

impl Slots {
    pub(crate) fn new(slots: u32, max_waiting: usize) -> Slots {
        Slots {
            permits: Semaphore::new(slots as usize),
            waiting: AtomicUsize::new(0),
            max_waiting,
        }
    }

    /// Waits for a slot, first come, first served, and says how long. Refuses if the line is already full.
    pub(crate) async fn acquire(&self) -> Result<(Slot<'_>, Duration), Refusal> {
        if let Ok(permit) = self.permits.try_acquire() {
            return Ok((permit, Duration::ZERO));
        }
        let queued = Instant::now();
        let _place = self.join_line()?;
        let permit = self.permits.acquire().await;
        let permit = permit.expect("the semaphore is never closed");
        Ok((permit, queued.elapsed()))
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

/// A place in the line. It is left when it is dropped, also if the caller gives the run up.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
