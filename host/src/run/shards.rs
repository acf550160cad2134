//! The engines of a host. Each is a shard: an engine with a pool of its own.
//!
//! Threads that run guests in one engine slow each other down, because each run writes to what the engine has once: reference
//! counts, counters of the pool, and the lock of its stacks. So a thread that finds another one running in its shard
//! again and again moves to a shard of its own. A host whose runs are on one thread only ever has the first.
//!
//! A guest cannot tell in which shard it runs, and neither can a report.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use tokio::sync::watch;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::engine::{self, Reuse};
use crate::error::HostError;
use crate::limits::SHARDS;
use crate::offer::offered::Offer;
use crate::offer::state::RunState;
use crate::run::ticker::Ticker;

/// A thread moves when it found another one in its shard so many times more often than not.
const MOVES_AFTER: u32 = 32;

/// The engines of a host.
pub(crate) struct Shards {
    /// Tells the hosts of a process apart.
    host: usize,
    first: Shard,
    further: Box<[OnceLock<Shard>]>,
    made: AtomicUsize,
    /// How many there may be; 0 until it is known how many cores there are.
    most: AtomicUsize,
    /// Held by a thread that looks for another shard.
    moving: Mutex<()>,
    offer: Offer,
    ticker: Ticker,
}

/// An engine with a pool of its own, and what its runs write to.
pub(crate) struct Shard {
    number: usize,
    linker: Arc<Linker<RunState>>,
    stop: Arc<watch::Sender<bool>>,
    /// The slots of its pool.
    slots: usize,
    traffic: Traffic,
}

/// What the runs of a shard write to. It shares no cache line with what other threads read.
#[repr(align(128))]
#[derive(Default)]
struct Traffic {
    running: AtomicUsize,
    /// The thread on which a run was started last.
    last: AtomicUsize,
    /// Permits that nobody uses.
    spare: AtomicUsize,
}

/// The shard in which a thread runs guests of a host.
#[derive(Clone, Copy)]
struct Home {
    host: usize,
    shard: usize,
    /// How many more of its runs met another thread than did not.
    met: u32,
}

thread_local! {
    static HOME: Cell<Home> = const {
        Cell::new(Home {
            host: 0,
            shard: 0,
            met: 0,
        })
    };
}

impl Shards {
    /// Begins with one shard, which has all slots. There will be at most `most`, and one for each core if that is `None`.
    pub(crate) fn new(
        linker: Arc<Linker<RunState>>,
        slots: u32,
        most: Option<usize>,
        stop: Arc<watch::Sender<bool>>,
        offer: Offer,
    ) -> Result<Shards, HostError> {
        static HOSTS: AtomicUsize = AtomicUsize::new(1);
        let ticker = Ticker::start(linker.engine())?;
        let slots = slots as usize;
        let first = Shard::new(0, linker, stop, slots);
        first.traffic.spare.store(slots, Ordering::Relaxed);
        Ok(Shards {
            host: HOSTS.fetch_add(1, Ordering::Relaxed),
            first,
            further: (1..SHARDS).map(|_| OnceLock::new()).collect(),
            made: AtomicUsize::new(1),
            most: AtomicUsize::new(most.map_or(0, |most| most.clamp(1, SHARDS))),
            moving: Mutex::new(()),
            offer,
            ticker,
        })
    }

    /// How many there are.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::Acquire)
    }

    /// All that there are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Shard> {
        std::iter::once(&self.first).chain(self.further.iter().map_while(OnceLock::get))
    }

    /// The one with all slots.
    pub(crate) fn first(&self) -> &Shard {
        &self.first
    }

    fn get(&self, number: usize) -> &Shard {
        let further = number
            .checked_sub(1)
            .and_then(|place| self.further.get(place));
        further.and_then(OnceLock::get).unwrap_or(&self.first)
    }

    /// The shard of this thread, which may be a new one.
    pub(crate) fn home(&self) -> &Shard {
        HOME.with(|home| {
            let mut at = home.get();
            if at.host != self.host {
                (at.host, at.shard, at.met) = (self.host, 0, 0);
                home.set(at);
            }
            if at.met >= MOVES_AFTER {
                at.shard = self.another(at.shard).unwrap_or(at.shard);
                at.met = 0;
                home.set(at);
            }
            self.get(at.shard)
        })
    }

    /// A run of this thread begins in its shard, or in the first one if the pool of its own is full. The caller has a
    /// permit.
    pub(crate) fn enter(&self) -> &Shard {
        let shard = self.home();
        let traffic = &shard.traffic;
        let running = shard.join();
        HOME.with(|home| {
            let (this, mut at) = (ptr::from_ref(home).addr(), home.get());
            let is_other = traffic.last.load(Ordering::Relaxed) != this;
            if is_other {
                traffic.last.store(this, Ordering::Relaxed);
            }
            if is_other && running > 0 {
                at.met += 1;
                home.set(at);
            } else if at.met > 0 {
                at.met -= 1;
                home.set(at);
            }
        });
        if running < shard.slots {
            return shard;
        }
        shard.leave();
        self.first.join();
        &self.first
    }

    /// A shard in which nothing runs, or a new one if there may be more. `None` if another thread looks for one.
    fn another(&self, this: usize) -> Option<usize> {
        let _moving = self.moving.try_lock().ok()?;
        let is_free = |shard: &&Shard| {
            shard.number != this && shard.traffic.running.load(Ordering::Acquire) == 0
        };
        if let Some(free) = self.iter().find(is_free) {
            return Some(free.number);
        }
        let number = self.made();
        if number >= self.most() {
            return None;
        }
        match self.make(number) {
            Ok(shard) => {
                self.further[number - 1].get_or_init(|| shard);
                self.made.store(number + 1, Ordering::Release);
                Some(number)
            }
            Err(error) => {
                tracing::warn!(%error, "no further engine, threads share the ones that there are");
                self.most.store(number, Ordering::Relaxed);
                None
            }
        }
    }

    fn most(&self) -> usize {
        let most = self.most.load(Ordering::Relaxed);
        if most > 0 {
            return most;
        }
        // The system is only asked when a second thread runs guests, because it takes many calls to answer.
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let most = cores.min(SHARDS);
        self.most.store(most, Ordering::Relaxed);
        most
    }

    /// A shard with its part of the slots. Runs that do not fit are in the first one.
    fn make(&self, number: usize) -> Result<Shard, HostError> {
        let slots = self.first.slots.div_ceil(self.most());
        let engine = engine::new(u32::try_from(slots).unwrap_or(u32::MAX), Reuse::SameApp)?;
        let linker = self.offer.linker(&engine).map_err(HostError::Linker)?;
        self.ticker.add(&engine);
        let stop = Arc::new((*self.first.stop).clone());
        Ok(Shard::new(number, Arc::new(linker), stop, slots))
    }
}

impl Shard {
    fn new(
        number: usize,
        linker: Arc<Linker<RunState>>,
        stop: Arc<watch::Sender<bool>>,
        slots: usize,
    ) -> Shard {
        Shard {
            number,
            linker,
            stop,
            slots,
            traffic: Traffic::default(),
        }
    }

    /// The first has number 0.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.linker.engine()
    }

    pub(crate) fn linker(&self) -> &Linker<RunState> {
        &self.linker
    }

    /// Becomes true when the host is to stop.
    pub(crate) fn stop(&self) -> &Arc<watch::Sender<bool>> {
        &self.stop
    }

    /// A run begins here.
    pub(crate) fn join(&self) -> usize {
        self.traffic.running.fetch_add(1, Ordering::AcqRel)
    }

    /// A run that began here has ended, and its instance is freed.
    pub(crate) fn leave(&self) {
        self.traffic.running.fetch_sub(1, Ordering::AcqRel);
    }

    /// Takes a permit, if there is one.
    pub(crate) fn take(&self) -> bool {
        let spare = &self.traffic.spare;
        let less = |spare: usize| spare.checked_sub(1);
        spare
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .is_ok()
    }

    /// Gives a permit to the next run that begins here.
    pub(crate) fn give(&self) {
        self.traffic.spare.fetch_add(1, Ordering::SeqCst);
    }
}
