//! Time as the caller gives it: milliseconds of UTC. The engine never reads a clock.

use std::fmt;
use std::time::Duration;

use crate::date::date_of;

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

/// RFC 3339, with milliseconds if there are any.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.unix_s();
        let (year, month, day) = date_of(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        match self.0.rem_euclid(1000) {
            0 => f.write_str("Z"),
            milliseconds => write!(f, ".{milliseconds:03}Z"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc() {
        for (milliseconds, shown) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_772_323_140_059, "2026-02-28T23:59:00.059Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (Time::EARLIEST.0, "0001-01-01T00:00:00Z"),
            (Time::LATEST.0, "4999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Time::from_unix_ms(milliseconds).to_string(), shown);
        }
    }
}
