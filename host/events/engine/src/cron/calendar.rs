//! The Gregorian calendar in UTC, as `croner` asks for it.

use std::cmp::Ordering;

use croner::errors::CronError;
use croner::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday};

use crate::date::{date_of, days_from};

/// The seconds of a day. UTC has no others, as far as Unix time goes.
pub(super) const DAY_S: i64 = 86_400;

/// Seconds after 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Utc(pub(super) i64);

/// The days of the year 2000.
pub(super) fn days_in_leap_year() -> impl Iterator<Item = Utc> {
    let first = days_from(2000, 1, 1);
    (first..first + 366).map(|day| Utc(day * DAY_S))
}

impl CronDateTime for Utc {
    fn to_civil(&self) -> CivilDateTime {
        let (year, month, day) = date_of(self.0.div_euclid(DAY_S));
        let second = self.0.rem_euclid(DAY_S) as u32;
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(year, month, day),
            CivilTime::from_parts_unchecked(second / 3600, second / 60 % 60, second % 60),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        // 1970-01-01 was a Thursday.
        let day = (self.0.div_euclid(DAY_S) + 4).rem_euclid(7);
        Weekday::from_days_from_sunday(day as u32)
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let days = days_from(civil.year(), civil.month(), civil.day());
        let seconds = i64::from(civil.hour() * 3600 + civil.minute() * 60 + civil.second());
        Ok(Resolution::Single(Utc(days * DAY_S + seconds)))
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(seconds).map(Utc)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_their_numbers_agree() {
        // Counted from one day to the next, over more than a whole cycle of the calendar.
        let (mut year, mut month, mut day) = (1_599, 1, 1);
        let mut weekday = Utc(days_from(year, month, day) * DAY_S).civil_weekday();
        // 1599-01-01 was a Friday.
        assert_eq!(weekday, Weekday::Friday);
        for number in days_from(1_599, 1, 1)..days_from(2_101, 1, 1) {
            assert_eq!(date_of(number), (year, month, day));
            assert_eq!(days_from(year, month, day), number);
            assert_eq!(Utc(number * DAY_S).civil_weekday(), weekday);
            weekday = weekday.shift(1);
            day += 1;
            if day > croner::time::days_in_month(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!(date_of(0), (1970, 1, 1));
    }
}
