//! Time as the caller gives it: milliseconds of UTC. The engine never reads a clock.

use std::time::Duration;

/// A moment: milliseconds since 1970-01-01T00:00:00Z, which may be negative.
///
/// Moments lie between the years 1 and 4999, in which cron expressions can be searched. A clock that shows
/// another year gives the nearest of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// 0001-01-01T00:00:00Z.
    pub const EARLIEST: Time = Time(-62_135_596_800_000);
    /// 4999-12-31T23:59:59Z.
    pub const LATEST: Time = Time(95_617_583_999_000);

    /// The moment so many milliseconds after 1970.
    pub fn from_unix_ms(milliseconds: i64) -> Time {
        Time(milliseconds.clamp(Time::EARLIEST.0, Time::LATEST.0))
    }

    /// The moment so many seconds after 1970.
    pub fn from_unix_s(seconds: i64) -> Time {
        Time::from_unix_ms(seconds.saturating_mul(1000))
    }

    /// Milliseconds after 1970.
    pub fn unix_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds after 1970, rounded down.
    pub fn unix_s(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment so much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Time {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Time::from_unix_ms(self.0.saturating_add(milliseconds))
    }
}
