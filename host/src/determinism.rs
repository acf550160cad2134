//! Where a run's time and randomness come from: the machine, or fixed values on request.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtxBuilder};

/// The time at which every deterministic run happens: 2025-01-01T00:00:00Z.
const FIXED_UNIX: Duration = Duration::from_secs(1_735_689_600);

/// Seeds of the three generators of a deterministic run. Any numbers do; they never change.
const RANDOM_SEED: u64 = 1;
const INSECURE_RANDOM_SEED: u64 = 2;
const HASH_SEED: u128 = 3;

/// Real or fixed time and randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Determinism {
    /// The machine's clocks and the system's randomness.
    Real,
    /// Clocks that stand still and seeded generators.
    Fixed,
}

impl Determinism {
    pub(crate) fn wall_clock(self) -> WallClock {
        match self {
            Determinism::Real => WallClock(None),
            Determinism::Fixed => WallClock::fixed(),
        }
    }

    /// Sets the guest's clocks and generators; WASI's defaults are the real ones, of which the wall clock panics on a
    /// machine whose clock stands before 1970.
    pub(crate) fn apply(self, context: &mut WasiCtxBuilder) {
        if self == Determinism::Real {
            // Of no size, so that it costs no allocation.
            context.wall_clock(SystemWallClock);
        } else {
            context
                .wall_clock(WallClock::fixed())
                .monotonic_clock(StoppedClock)
                .secure_random(ChaCha12Rng::seed_from_u64(RANDOM_SEED))
                .insecure_random(ChaCha12Rng::seed_from_u64(INSECURE_RANDOM_SEED))
                .insecure_random_seed(HASH_SEED);
        }
    }
}

/// A wall clock: of the machine, or stopped at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock(Option<Duration>);

impl WallClock {
    pub(crate) fn fixed() -> WallClock {
        WallClock(Some(FIXED_UNIX))
    }

    /// Nanoseconds since 1970; 0 for a machine whose clock stands before it.
    pub(crate) fn now_unix_ns(self) -> u64 {
        u64::try_from(self.now().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl HostWallClock for WallClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        self.0.unwrap_or_else(|| SystemWallClock.now())
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

/// A monotonic clock that stands at zero.
struct StoppedClock;

impl HostMonotonicClock for StoppedClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}
