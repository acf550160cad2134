//! The line in front of the pools: a run holds a slot while it runs, and further runs wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fractalaw_report::Refusal;
use tokio::sync::Semaphore;

use crate::run::shards::{Shard, Shards};

/// There are as many permits as slots, whatever the number of shards. A shard keeps the permits of the runs that ended in it
/// for those that begin in it next, so that threads do not wait for each other here either.
pub(crate) struct Slots {
    shards: Shards,
    /// It has permits only while runs wait.
    line: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// A slot that a run holds. It is given back when it is dropped.
pub(crate) struct Slot<'a> {
    slots: &'a Slots,
    shard: &'a Shard,
}

impl Slots {
    pub(crate) fn new(shards: Shards, max_waiting: usize) -> Slots {
        Slots {
            shards,
            line: Semaphore::new(0),
            waiting: AtomicUsize::new(0),
            max_waiting,
        }
    }

    pub(crate) fn shards(&self) -> &Shards {
        &self.shards
    }

    /// Waits for a slot, first come, first served, and says how long. Refuses if the line is already full.
    pub(crate) async fn acquire(&self) -> Result<(Slot<'_>, Duration), Refusal> {
        if self.waiting.load(Ordering::SeqCst) == 0 && self.take() {
            return Ok((self.enter(), Duration::ZERO));
        }
        let queued = Instant::now();
        let _place = self.join_line()?;
        // A run that ended in between saw nobody in the line, and kept its permit in its shard. One that ends from now on
        // gives it to the line.
        if !self.take() {
            let permit = self.line.acquire().await;
            permit.expect("the semaphore is never closed").forget();
        }
        Ok((self.enter(), queued.elapsed()))
    }

    /// Takes a permit from this thread's shard, or from wherever there is one.
    fn take(&self) -> bool {
        self.shards.home().take() || self.take_from_line() || self.shards.iter().any(Shard::take)
    }

    fn take_from_line(&self) -> bool {
        self.line
            .try_acquire()
            .map(|permit| permit.forget())
            .is_ok()
    }

    fn enter(&self) -> Slot<'_> {
        Slot {
            slots: self,
            shard: self.shards.enter(),
        }
    }

    fn join_line(&self) -> Result<Place<'_>, Refusal> {
        let place = Place(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::SeqCst) < self.max_waiting {
            Ok(place)
        } else {
            Err(Refusal::LineFull {
                waiting: self.max_waiting,
            })
        }
    }

    /// Gives a permit back: to who waits, or else to the shard. Whoever joins the line looks into the shards afterwards, and
    /// this looks at the line after it gave the permit to the shard. So one of them sees the other.
    fn give(&self, shard: &Shard) {
        let is_awaited = || self.waiting.load(Ordering::SeqCst) > 0;
        if !is_awaited() {
            shard.give();
            if !is_awaited() || !shard.take() {
                return;
            }
        }
        self.line.add_permits(1);
    }
}

impl<'a> Slot<'a> {
    /// Where the run is.
    pub(crate) fn shard(&self) -> &'a Shard {
        self.shard
    }

    /// Moves the run to the first shard, before it has an instance.
    pub(crate) fn move_to_first(&mut self) {
        let first = self.slots.shards.first();
        first.join();
        self.shard.leave();
        self.shard = first;
    }

    /// Never gives it back.
    pub(crate) fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.shard.leave();
        self.slots.give(self.shard);
    }
}

/// A place in the line. It is left when it is dropped, also if the caller gives the run up.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::watch;

    use super::*;
    use crate::engine::{self, Reuse};
    use crate::interfaces;

    fn slots(slots: u32, shards: usize) -> Slots {
        let offer = interfaces::offer(false, Vec::new()).unwrap();
        let engine = engine::new(slots, Reuse::SameApp).unwrap();
        let linker = Arc::new(offer.linker(&engine).unwrap());
        let stop = Arc::new(watch::Sender::new(false));
        let shards = Shards::new(linker, slots, Some(shards), stop, offer);
        Slots::new(shards.unwrap(), 100)
    }

    /// Eight threads take what there is, in as many shards as they like, and give way while they hold it.
    #[test]
    fn no_more_than_the_slots_are_held_at_once_and_all_who_wait_come_up() {
        for (count, most) in [(1, 1), (1, 4), (3, 1), (3, 4), (8, 4)] {
            let slots = slots(count, most);
            let held = AtomicUsize::new(0);
            let one = async || {
                for round in 0..2_000 {
                    let (mut slot, _) = slots.acquire().await.unwrap();
                    assert!(held.fetch_add(1, Ordering::SeqCst) < count as usize);
                    if round % 3 == 0 {
                        tokio::task::yield_now().await;
                    }
                    if round % 7 == 0 {
                        slot.move_to_first();
                    }
                    held.fetch_sub(1, Ordering::SeqCst);
                }
            };
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let mut runtime = tokio::runtime::Builder::new_current_thread();
                        let runtime = runtime.build().unwrap();
                        runtime.block_on(async { tokio::join!(one(), one()) });
                    });
                }
            });
            // All permits are there, wherever they are.
            let all = (0..=count).take_while(|_| slots.take()).count();
            assert_eq!(all, count as usize);
        }
    }
}
