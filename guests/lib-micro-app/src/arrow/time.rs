//! Dates and times as text, as SQL writes them.

/// Days since 1970 as `2025-12-31`; nothing outside the years 0 to 9999.
pub(crate) fn date(days: i64) -> Option<String> {
    // From the first of March of the year 0, so that a leap day is the last of its year.
    let days = days.checked_add(719_468)?;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if !(0..=9999).contains(&year) {
        return None;
    }
    let mut text = String::with_capacity(26);
    digits(&mut text, year, 4);
    text.push('-');
    digits(&mut text, month, 2);
    text.push('-');
    digits(&mut text, day, 2);
    Some(text)
}

/// Time since 1970 as `2025-12-31 23:59:59`, with a fraction where there is one.
pub(crate) fn timestamp(units: i64, per_second: u32) -> Option<String> {
    let per_second = i64::from(per_second);
    let seconds = units.div_euclid(per_second);
    let fraction = units.rem_euclid(per_second);
    let mut text = date(seconds.div_euclid(86_400))?;
    let of_day = seconds.rem_euclid(86_400);
    text.push(' ');
    digits(&mut text, of_day / 3_600, 2);
    text.push(':');
    digits(&mut text, of_day / 60 % 60, 2);
    text.push(':');
    digits(&mut text, of_day % 60, 2);
    if fraction > 0 {
        text.push('.');
        // 1 000 units a second have 3 digits.
        let places = per_second.checked_ilog10().unwrap_or(0);
        digits(&mut text, fraction, places);
        text.truncate(text.trim_end_matches('0').len());
    }
    Some(text)
}

/// A whole number of `digits` with the point `scale` digits before its end.
pub(crate) fn decimal(digits: i128, scale: u32) -> String {
    let mut text = digits.unsigned_abs().to_string();
    if scale > 0 {
        let scale = scale as usize;
        while text.len() <= scale {
            text.insert(0, '0');
        }
        text.insert(text.len() - scale, '.');
    }
    if digits < 0 {
        text.insert(0, '-');
    }
    text
}

fn digits(text: &mut String, number: i64, places: u32) {
    for place in (0..places).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        text.push(char::from(b'0' + digit as u8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (days, text) in [
            (0, Some("1970-01-01")),
            (-1, Some("1969-12-31")),
            (20_453, Some("2025-12-31")),
            (19_782, Some("2024-02-29")),
            (-25_509, Some("1900-02-28")),
            (-25_508, Some("1900-03-01")),
            (-719_528, Some("0000-01-01")),
            (-719_529, None),
            (2_932_896, Some("9999-12-31")),
            (2_932_897, None),
            (i64::MAX, None),
        ] {
            assert_eq!(date(days).as_deref(), text, "{days}");
        }
    }

    #[test]
    fn timestamps() {
        for (units, per_second, text) in [
            (0, 1, Some("1970-01-01 00:00:00")),
            (-1, 1_000_000, Some("1969-12-31 23:59:59.999999")),
            (1_500, 1_000, Some("1970-01-01 00:00:01.5")),
            (10, 1_000_000_000, Some("1970-01-01 00:00:00.00000001")),
            (i64::MAX, 1, None),
        ] {
            assert_eq!(timestamp(units, per_second).as_deref(), text);
        }
    }

    #[test]
    fn decimals() {
        for (digits, scale, text) in [
            (0, 0, "0"),
            (-5, 2, "-0.05"),
            (12_345, 2, "123.45"),
            (100, 2, "1.00"),
            (i128::MIN, 0, "-170141183460469231731687303715884105728"),
        ] {
            assert_eq!(decimal(digits, scale), text);
        }
    }
}
