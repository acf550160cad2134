//! The Gregorian calendar: the number of a date, and the date with a number.

/// The number of a date, counted from 1970-01-01. Years are counted from March here, so that the day that not every
/// year has is the last one.
pub(crate) fn days_from(year: i32, month: u32, day: u32) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = i64::from((153 * ((month + 9) % 12) + 2) / 5 + day - 1);
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date with a number.
pub(crate) fn date_of(days: i64) -> (i32, u32, u32) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

/// The day of the week of the date with a number, from Sunday, which is 0.
pub(crate) fn weekday_of(days: i64) -> u32 {
    // 1970-01-01 was a Thursday.
    (days + 4).rem_euclid(7) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_their_numbers_agree() {
        // Counted from one day to the next, over more than a whole cycle of the calendar.
        let (mut year, mut month, mut day) = (1_599, 1, 1);
        // 1599-01-01 was a Friday.
        let mut weekday = 5;
        for number in days_from(1_599, 1, 1)..days_from(2_101, 1, 1) {
            assert_eq!(date_of(number), (year, month, day));
            assert_eq!(days_from(year, month, day), number);
            assert_eq!(weekday_of(number), weekday);
            weekday = (weekday + 1) % 7;
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
