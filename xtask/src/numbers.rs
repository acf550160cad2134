//! Numbers for people.

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same with its sign.
pub(crate) fn signed(number: i128) -> String {
    let sign = if number < 0 { '-' } else { '+' };
    let size = u64::try_from(number.unsigned_abs()).unwrap_or(u64::MAX);
    format!("{sign}{}", grouped(size))
}

/// The change from `before` to `after` in percent.
pub(crate) fn percent(before: u64, after: u64) -> String {
    if before == 0 {
        return "from zero".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "two decimals of a percentage")]
    let part = (after as f64 - before as f64) * 100.0 / before as f64;
    format!("{part:+.2} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_and_signed() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(signed(-1_000), "-1,000");
        assert_eq!(signed(0), "+0");
        assert_eq!(percent(200, 201), "+0.50 %");
        assert_eq!(percent(0, 1), "from zero");
    }
}
