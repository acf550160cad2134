//! Dates and times: as text in SQL, and as numbers in Arrow.

/// The days since 1970 of a date in the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March, so a leap day is its last day.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (year, month + 3)
    } else {
        (year + 1, month - 9)
    };
    (year + era * 400, month, day)
}

fn number(text: &[u8], digits: usize) -> Option<(i64, &[u8])> {
    let (number, rest) = text.split_at_checked(digits)?;
    let mut value = 0;
    for digit in number {
        value = value * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    Some((value, rest))
}

fn date_of(text: &[u8]) -> Option<(i64, &[u8])> {
    let (year, rest) = number(text, 4)?;
    let (month, rest) = number(rest.strip_prefix(b"-")?, 2)?;
    let (day, rest) = number(rest.strip_prefix(b"-")?, 2)?;
    let days = days(year, month, day);
    // A date such as 31 April is refused, and does not become 1 May.
    (civil(days) == (year, month, day)).then_some((days, rest))
}

/// `2025-12-31` as days since 1970.
pub(crate) fn date(text: &[u8]) -> Option<i32> {
    let (days, rest) = date_of(text)?;
    rest.is_empty().then(|| i32::try_from(days).ok()).flatten()
}

/// `2025-12-31 23:59:59.999999` as microseconds. There may be a `T` in between and a `Z` at the end, and the time
/// may be missing.
pub(crate) fn timestamp(text: &[u8]) -> Option<i64> {
    let (days, rest) = date_of(text)?;
    let midnight = days * 86_400_000_000;
    if rest.is_empty() {
        return Some(midnight);
    }
    let rest = rest
        .strip_prefix(b" ")
        .or_else(|| rest.strip_prefix(b"T"))?;
    let (hour, rest) = number(rest, 2)?;
    let (minute, mut rest) = number(rest.strip_prefix(b":")?, 2)?;
    let (mut second, mut micros) = (0, 0);
    if let Some(after) = rest.strip_prefix(b":") {
        (second, rest) = number(after, 2)?;
        if let Some(after) = rest.strip_prefix(b".") {
            let digits = after
                .iter()
                .take_while(|digit| digit.is_ascii_digit())
                .count();
            if !(1..=6).contains(&digits) {
                return None;
            }
            let (fraction, after) = number(after, digits)?;
            micros = fraction * 10_i64.pow(6 - digits as u32);
            rest = after;
        }
    }
    let in_range = hour < 24 && minute < 60 && second < 60;
    let ended = matches!(rest, b"" | b"Z" | b"+00:00");
    (in_range && ended)
        .then(|| midnight + ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

/// Days since 1970 as `2025-12-31`, for the years 0 to 9999.
pub(crate) fn date_text(days: i64) -> Option<String> {
    // Larger numbers are no dates, and the calculation below would overflow.
    let (year, month, day) = civil(Some(days).filter(|days| days.abs() < 10_000_000)?);
    (0..=9999)
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// Microseconds since 1970 as `2025-12-31 23:59:59`, with a fraction only if there is one.
pub(crate) fn timestamp_text(micros: i64) -> Option<String> {
    let date = date_text(micros.div_euclid(86_400_000_000))?;
    let of_day = micros.rem_euclid(86_400_000_000);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let time = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    Some(if fraction == 0 {
        format!("{date} {time}")
    } else {
        format!("{date} {time}.{fraction:06}")
    })
}

#[cfg(test)]
mod tests {
    use super::{date, date_text, timestamp, timestamp_text};

    #[test]
    fn dates_and_times_go_both_ways() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2025-12-31", 20_453),
            ("0000-01-01", -719_528),
            ("9999-12-31", 2_932_896),
        ] {
            assert_eq!(date(text.as_bytes()), Some(days), "{text}");
            assert_eq!(date_text(days.into()).as_deref(), Some(text));
        }
        for (text, micros) in [
            ("1970-01-01 00:00:00", 0),
            ("1969-12-31 23:59:59.999999", -1),
            ("2025-01-02 03:04:05", 1_735_787_045_000_000),
        ] {
            assert_eq!(timestamp(text.as_bytes()), Some(micros), "{text}");
            assert_eq!(timestamp_text(micros).as_deref(), Some(text));
        }
        for (text, micros) in [
            ("1970-01-02", 86_400_000_000),
            ("1970-01-01T00:01Z", 60_000_000),
            ("1970-01-01 00:00:00.5", 500_000),
        ] {
            assert_eq!(timestamp(text.as_bytes()), Some(micros), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_not_read_as_one() {
        for text in [
            "",
            "2025",
            "2025-13-01",
            "2025-02-29",
            "2025-1-1",
            "2025-01-01x",
            "20a5-01-01",
            "2025-04-31",
        ] {
            assert_eq!(date(text.as_bytes()), None, "{text}");
        }
        for text in [
            "2025-01-01 24:00:00",
            "2025-01-01 00:60",
            "2025-01-01 00:00:00.",
            "2025-01-01 00:00:00.1234567",
            "2025-01-01 00:00:00+02:00",
        ] {
            assert_eq!(timestamp(text.as_bytes()), None, "{text}");
        }
        assert_eq!(date_text(i64::MAX), None);
        assert_eq!(timestamp_text(i64::MIN), None);
    }
}
