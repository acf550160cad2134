//! Where a run's time and randomness come from: the machine, or fixed values for a deterministic run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtxBuilder};

use crate::inputs::{Determinism, Fixed};
use crate::offer::deadline::CENTURY;

/// Raised if a guest waits until after its deadline in virtual time. A host call raises it, so it happens at the
/// same place each time.
#[derive(Debug, thiserror::Error)]
#[error("deadline exceeded while waiting")]
pub(crate) struct WaitedPastDeadline;

/// The time of a deterministic run. It begins where it is told to, and moves on only when the guest waits, by
/// exactly as much as the guest waits. Clones are the same time.
#[derive(Clone, Debug)]
pub(crate) struct VirtualTime {
    unix_start: Duration,
    /// Nanoseconds from the start.
    deadline: u64,
    /// Nanoseconds from the start.
    elapsed: Arc<AtomicU64>,
}

impl VirtualTime {
    /// The virtual time of a run with this deadline; `None` if the run is not deterministic.
    pub(crate) fn of(determinism: Determinism, deadline: Duration) -> Option<VirtualTime> {
        let fixed = determinism.fixed()?;
        let deadline = deadline.min(CENTURY).as_nanos();
        Some(VirtualTime {
            unix_start: fixed.unix_start,
            deadline: u64::try_from(deadline).unwrap_or(u64::MAX),
            elapsed: Arc::default(),
        })
    }

    /// Moves the time on to `due`, in nanoseconds from the start, without really waiting. A time in the past
    /// changes nothing.
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

/// Sets the guest's clocks and generators. WASI's defaults are the real ones, and its wall clock panics on a
/// machine whose clock is before 1970.
pub(crate) fn apply(
    determinism: Determinism,
    time: Option<&VirtualTime>,
    context: &mut WasiCtxBuilder,
) {
    let (Some(Fixed { seed, .. }), Some(time)) = (determinism.fixed(), time) else {
        // This type has no size, so it needs no allocation.
        context.wall_clock(SystemWallClock);
        return;
    };
    // Three different numbers, so that no generator repeats another's.
    let [insecure, hash] = [1, 2].map(|next| seed.wrapping_add(next));
    context
        .wall_clock(time.clone())
        .monotonic_clock(time.clone())
        .secure_random(ChaCha12Rng::seed_from_u64(seed))
        .insecure_random(ChaCha12Rng::seed_from_u64(insecure))
        .insecure_random_seed(hash.into());
}

/// The wall clock of a run, in nanoseconds since 1970: virtual, or the machine's, which is 0 if it is before
/// 1970.
pub(crate) fn now_unix_ns(time: Option<&VirtualTime>) -> u64 {
    let now = match time {
        Some(time) => HostWallClock::now(time),
        None => SystemWallClock.now(),
    };
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
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
