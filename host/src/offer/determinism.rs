//! Where a run's time and randomness come from: the machine, or what a deterministic run is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtxBuilder};

use crate::offer::deadline::CENTURY;

/// The time at which a deterministic run begins that is given no other: 2025-01-01T00:00:00Z.
const UNIX_START: Duration = Duration::from_secs(1_735_689_600);

/// The seed of a deterministic run that is given no other. Any number does; it never changes.
const SEED: u64 = 1;

/// Real or given time and randomness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Determinism {
    /// The machine's clocks and the system's randomness.
    #[default]
    Real,
    /// Virtual time and seeded generators.
    Fixed(Fixed),
}

/// What a deterministic run begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    /// The wall clock at its start, since 1970.
    pub(crate) unix_start: Duration,
    pub(crate) seed: u64,
}

impl Default for Fixed {
    fn default() -> Fixed {
        Fixed {
            unix_start: UNIX_START,
            seed: SEED,
        }
    }
}

impl Determinism {
    /// What a deterministic run begins with.
    pub(crate) fn fixed(self) -> Option<Fixed> {
        match self {
            Determinism::Real => None,
            Determinism::Fixed(fixed) => Some(fixed),
        }
    }

    /// The virtual time of a run that may go on for so long.
    pub(crate) fn virtual_time(self, deadline: Duration) -> Option<VirtualTime> {
        let fixed = self.fixed()?;
        let deadline = deadline.min(CENTURY).as_nanos();
        Some(VirtualTime {
            unix_start: fixed.unix_start,
            deadline: u64::try_from(deadline).unwrap_or(u64::MAX),
            elapsed: Arc::default(),
        })
    }

    /// Sets the guest's clocks and generators; WASI's defaults are the real ones, of which the wall clock panics on a
    /// machine whose clock stands before 1970.
    pub(crate) fn apply(self, context: &mut WasiCtxBuilder, time: Option<&VirtualTime>) {
        let (Some(Fixed { seed, .. }), Some(time)) = (self.fixed(), time) else {
            // Of no size, so that it costs no allocation.
            context.wall_clock(SystemWallClock);
            return;
        };
        // Three numbers that differ, so that no generator repeats another's.
        let [insecure, hash] = [1, 2].map(|next| seed.wrapping_add(next));
        context
            .wall_clock(time.clone())
            .monotonic_clock(time.clone())
            .secure_random(ChaCha12Rng::seed_from_u64(seed))
            .insecure_random(ChaCha12Rng::seed_from_u64(insecure))
            .insecure_random_seed(hash.into());
    }
}

/// Raised where a guest waits until after its deadline in virtual time. It is a host call that ends the run, at
/// the same place each time.
#[derive(Debug, thiserror::Error)]
#[error("deadline exceeded while waiting")]
pub(crate) struct WaitedPastDeadline;

/// The time of a deterministic run: it begins where it is told to, and moves on only where the guest waits, by
/// exactly as much as it waits. Clones are the same time.
#[derive(Clone, Debug)]
pub(crate) struct VirtualTime {
    unix_start: Duration,
    /// In nanoseconds from the start.
    deadline: u64,
    /// Nanoseconds from the start.
    elapsed: Arc<AtomicU64>,
}

impl VirtualTime {
    /// Waits until then, in nanoseconds from the start: for no time at all. A time that is past changes nothing.
    pub(crate) fn wait_until(&self, due: u64) -> Result<(), WaitedPastDeadline> {
        if due >= self.deadline {
            return Err(WaitedPastDeadline);
        }
        self.elapsed.fetch_max(due, Ordering::Relaxed);
        Ok(())
    }
}

impl HostMonotonicClock for VirtualTime {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        self.elapsed.load(Ordering::Relaxed)
    }
}

impl HostWallClock for VirtualTime {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        let elapsed = Duration::from_nanos(HostMonotonicClock::now(self));
        self.unix_start.saturating_add(elapsed)
    }
}

/// A wall clock: of the machine, or of virtual time.
#[derive(Clone, Debug)]
pub(crate) struct WallClock(pub(crate) Option<VirtualTime>);

impl WallClock {
    /// Nanoseconds since 1970; 0 for a machine whose clock stands before it.
    pub(crate) fn now_unix_ns(&self) -> u64 {
        let now = match &self.0 {
            Some(time) => HostWallClock::now(time),
            None => SystemWallClock.now(),
        };
        u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The machine's wall clock.
struct SystemWallClock;

impl HostWallClock for SystemWallClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.unwrap_or_default()
    }
}
