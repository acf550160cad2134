//! Reads and writes times as people write them: UTC, to the nanosecond.

use std::time::{Duration, UNIX_EPOCH};

/// `2026-03-01T12:00:00.000000001Z`.
pub(crate) fn format(unix_ns: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_nanos(unix_ns);
    humantime::format_rfc3339_nanos(time).to_string()
}

/// Reads a day or a time in UTC and returns nanoseconds since 1970.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let day;
    let text = if text.len() == 10 {
        day = format!("{text}T00:00:00Z");
        &day
    } else {
        text
    };
    let expected = "expected a time such as 2026-03-01 or 2026-03-01T12:00:00Z, from 1970 to 2554";
    let time = humantime::parse_rfc3339(text).map_err(|_| expected.to_owned())?;
    let since = time.duration_since(UNIX_EPOCH).map_err(|_| expected)?;
    u64::try_from(since.as_nanos()).map_err(|_| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{format, parse};

    #[test]
    fn what_is_printed_is_read_and_a_day_begins_at_midnight() {
        for (text, ns) in [
            ("1970-01-01T00:00:00.000000000Z", 0),
            ("2025-01-01T00:00:00.000000001Z", 1_735_689_600_000_000_001),
            ("2554-07-21T23:34:33.709551615Z", u64::MAX),
        ] {
            assert_eq!(format(ns), text);
            assert_eq!(parse(text), Ok(ns));
        }
        assert_eq!(parse("2025-01-01"), Ok(1_735_689_600_000_000_000));
        for wrong in [
            "",
            "tomorrow",
            "2025-13-01",
            "1969-12-31",
            "2600-01-01",
            "2026-11-24T01:51:39.35+23:59",
            "2026-11-24T01:51:39Zxx",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
