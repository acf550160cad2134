//! Expressions and the times that they give, against tables and against a search that tries every minute.

mod calendar;

use croner::CronDateTime;
use croner::parser::{CronParser, Seconds, Year};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use calendar::Utc;

fn time(text: &str) -> Time {
    let (date, clock) = text.split_once(' ').unwrap();
    let numbers = |text: &str, by: char| -> Vec<i32> {
        text.split(by).map(|part| part.parse().unwrap()).collect()
    };
    let (date, clock) = (numbers(date, '-'), numbers(clock, ':'));
    let civil = croner::CivilDateTime::from_ymd_hms_opt(
        date[0],
        date[1] as u32,
        date[2] as u32,
        clock[0] as u32,
        clock[1] as u32,
        0,
    )
    .unwrap();
    match Utc(0).resolve_civil(civil) {
        Ok(croner::Resolution::Single(Utc(seconds))) => Time::from_unix_s(seconds),
        other => panic!("{other:?}"),
    }
}

fn shown(time: Time) -> String {
    let civil = Utc(time.unix_s()).to_civil();
    format!("{} {:02}:{:02}", civil.date(), civil.hour(), civil.minute())
}

#[test]
fn expressions_give_their_times() {
    let cases: [(&str, &str, [&str; 3]); 13] = [
        (
            "* * * * *",
            "2026-03-01 12:00",
            ["2026-03-01 12:01", "2026-03-01 12:02", "2026-03-01 12:03"],
        ),
        (
            "*/15 * * * *",
            "2026-03-01 12:50",
            ["2026-03-01 13:00", "2026-03-01 13:15", "2026-03-01 13:30"],
        ),
        (
            "5-59/20 23 * * *",
            "2026-12-31 23:30",
            ["2026-12-31 23:45", "2027-01-01 23:05", "2027-01-01 23:25"],
        ),
        // Sunday is 0 and 7, and a range may end with it.
        (
            "0 6 * * 0",
            "2026-03-01 06:00",
            ["2026-03-08 06:00", "2026-03-15 06:00", "2026-03-22 06:00"],
        ),
        (
            "0 6 * * 7",
            "2026-03-01 06:00",
            ["2026-03-08 06:00", "2026-03-15 06:00", "2026-03-22 06:00"],
        ),
        (
            "0 6 * * sat-sun",
            "2026-03-01 05:00",
            ["2026-03-01 06:00", "2026-03-07 06:00", "2026-03-08 06:00"],
        ),
        (
            "0 6 * * 5-7",
            "2026-03-01 06:00",
            ["2026-03-06 06:00", "2026-03-07 06:00", "2026-03-08 06:00"],
        ),
        // A day of month and a day of week: either of them.
        (
            "0 0 13 * 5",
            "2026-02-28 00:00",
            ["2026-03-06 00:00", "2026-03-13 00:00", "2026-03-20 00:00"],
        ),
        (
            "0 0 31 * *",
            "2026-03-01 00:00",
            ["2026-03-31 00:00", "2026-05-31 00:00", "2026-07-31 00:00"],
        ),
        (
            "0 0 29 2 *",
            "2026-03-01 00:00",
            ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"],
        ),
        (
            "0 0 29 feb *",
            "2096-02-29 00:00",
            ["2104-02-29 00:00", "2108-02-29 00:00", "2112-02-29 00:00"],
        ),
        (
            "0 12 1 JAN,jul *",
            "1969-01-01 12:00",
            ["1969-07-01 12:00", "1970-01-01 12:00", "1970-07-01 12:00"],
        ),
        (
            "0 0 30 2 1",
            "2026-01-01 00:00",
            ["2026-02-02 00:00", "2026-02-09 00:00", "2026-02-16 00:00"],
        ),
    ];
    for (text, from, expected) in cases {
        let schedule = Schedule::parse(text).unwrap();
        let mut at = time(from);
        for expected in expected {
            at = schedule.after(at).unwrap();
            assert_eq!(shown(at), expected, "{text}");
        }
    }
}

#[test]
fn what_is_refused_is_refused_by_its_name() {
    let cases = [
        (
            "@daily",
            "cron `@daily`: `@daily` is a nickname\nhint: write the five fields: `0 0 * * *`",
        ),
        (
            "@reboot",
            "cron `@reboot`: `@reboot` is a nickname\nhint: write the five fields",
        ),
        (
            "",
            "cron ``: expected 5 fields, found 0\nhint: give minute, hour, day of month, month and day of week, with spaces between them",
        ),
        (
            "* * * *",
            "cron `* * * *`: expected 5 fields, found 4\nhint: give minute, hour, day of month, month and day of week, with spaces between them",
        ),
        (
            "0 * * * * *",
            "cron `0 * * * * *`: expected 5 fields, found 6\nhint: leave out seconds and years: minute, hour, day of month, month, day of week",
        ),
        (
            "0 0 L * *",
            "cron `0 0 L * *`: day of month: `L` is not cron's own\nhint: run on each of the days 28-31, and let the micro-app see which is the last",
        ),
        (
            "0 0 * * 5L",
            "cron `0 0 * * 5L`: day of week: `L` is not cron's own\nhint: run on each of the days 28-31, and let the micro-app see which is the last",
        ),
        (
            "0 0 15W * *",
            "cron `0 0 15W * *`: day of month: `W` is not cron's own\nhint: run on each weekday, `1-5`, and let the micro-app see which day it is",
        ),
        (
            "0 0 * * 5#2",
            "cron `0 0 * * 5#2`: day of week: `#` is not cron's own\nhint: run on that day of each week, and let the micro-app see which one it is",
        ),
        (
            "0 0 ? * 1",
            "cron `0 0 ? * 1`: day of month: `?` is not cron's own\nhint: write `*`",
        ),
        (
            "0 0 13 * +5",
            "cron `0 0 13 * +5`: day of week: `+` is not cron's own\nhint: run on one of the two, and let the micro-app see whether it is the other",
        ),
        (
            "60 * * * *",
            "cron `60 * * * *`: minute: `60` is not one\nhint: write a number from 0 to 59",
        ),
        (
            "0 0 0 * *",
            "cron `0 0 0 * *`: day of month: `0` is not one\nhint: write a number from 1 to 31",
        ),
        (
            "0 0 * MAI *",
            "cron `0 0 * MAI *`: month: `MAI` is not one\nhint: write a number from 1 to 12, or a name from JAN to DEC",
        ),
        (
            "JAN 0 * * *",
            "cron `JAN 0 * * *`: minute: `JAN` is not one\nhint: write a number from 0 to 59",
        ),
        (
            "0 0 * * SUNMON",
            "cron `0 0 * * SUNMON`: day of week: `SUNMON` is not one\nhint: write a number from 0 to 7, or a name from SUN to SAT",
        ),
        (
            "0 22-4 * * *",
            "cron `0 22-4 * * *`: hour: `22-4` ends before it begins\nhint: write two ranges: `22-23,0-4`",
        ),
        (
            "5/10 * * * *",
            "cron `5/10 * * * *`: minute: `5/10` is a step without a range\nhint: write `5-59/10` or `*/10`",
        ),
        (
            "*/0 * * * *",
            "cron `*/0 * * * *`: minute: `*/0` has no step\nhint: write a number from 1 to 60 after `/`",
        ),
        (
            "*/99 * * * *",
            "cron `*/99 * * * *`: minute: `*/99` has no step\nhint: write a number from 1 to 60 after `/`",
        ),
        (
            "1, * * * *",
            "cron `1, * * * *`: minute: `` is not one\nhint: write a number from 0 to 59",
        ),
        (
            "0 0 30 2 *",
            "cron `0 0 30 2 *` never fires\nhint: give a day of month that the month has",
        ),
        (
            "0 0 31 4,6,9,11 *",
            "cron `0 0 31 4,6,9,11 *` never fires\nhint: give a day of month that the month has",
        ),
    ];
    for (text, message) in cases {
        let refused = Schedule::parse(text).unwrap_err();
        assert_eq!((refused.code, &*refused.message), (Code::Cron, message));
    }
    let long = format!("{} * * * *", vec!["1"; 200].join(","));
    assert!(
        Schedule::parse(&long)
            .unwrap_err()
            .message
            .contains("it has 407 bytes")
    );
}

#[test]
fn a_search_that_tries_every_minute_finds_the_same() {
    let (from, until) = (time("2028-01-30 23:59"), time("2028-03-02 00:00"));
    for text in [
        "7 3 * * *",
        "*/7 */5 * * *",
        "0 0 13 * 5",
        "30 4 1,15 * 2-4",
        "0 12 29 2 *",
        "59 23 28-31 * *",
        "0 0 * 2 *",
        "*/20 9-17 * 1-6/2 mon-fri",
    ] {
        let schedule = Schedule::parse(text).unwrap();
        let fields: Vec<&str> = text.split(' ').collect();
        let mut expected = Vec::new();
        let mut second = from.unix_s() + 60;
        while second <= until.unix_s() {
            if fits(&fields, Utc(second)) {
                expected.push(Time::from_unix_s(second));
            }
            second += 60;
        }
        let mut found = Vec::new();
        let mut at = from;
        while let Some(next) = schedule.after(at).filter(|&next| next <= until) {
            found.push(next);
            at = next;
        }
        assert_eq!(found, expected, "{text}");
        assert_eq!(schedule.count(from, until), expected.len() as u64, "{text}");
        assert_eq!(
            schedule.last_until(until).as_ref(),
            expected.last(),
            "{text}"
        );
        for pair in expected.windows(7) {
            assert_eq!(schedule.count(pair[0], pair[6]), 6);
            let just_before = Time::from_unix_s(pair[6].unix_s() - 1);
            assert_eq!(schedule.count(pair[0], just_before), 5);
            assert_eq!(schedule.last_until(just_before), Some(pair[5]));
        }
    }
}

/// The crate `croner` finds the same for random expressions and times.
#[test]
fn another_program_finds_the_same() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let (earliest, latest) = (time("0003-01-01 00:00"), time("4980-01-01 00:00"));
    let span = (latest.unix_s() - earliest.unix_s()) as u64;
    let mut fired = 0;
    for _ in 0..3_000 {
        let text = expression(&mut random);
        let Ok(schedule) = Schedule::parse(&text) else {
            continue;
        };
        fired += 1;
        let other = parser.parse(&text).unwrap();
        let at = earliest.unix_s() + (random.next_u64() % span) as i64;
        // Half of them at a whole minute, which may be one at which it fires.
        let at = at - at % 60 * (at & 1);
        let next = other.find_next_occurrence(&Utc(at), false).unwrap();
        let from = Time::from_unix_s(at);
        assert_eq!(
            schedule.after(from),
            Some(Time::from_unix_s(next.0)),
            "{text} after {at}"
        );
        for until in [at, next.0] {
            let last = other.find_previous_occurrence(&Utc(until), true).unwrap();
            let found = schedule.last_until(Time::from_unix_s(until));
            assert_eq!(
                found,
                Some(Time::from_unix_s(last.0)),
                "{text} until {until}"
            );
        }
        assert_eq!(
            schedule.count(from, Time::from_unix_s(next.0)),
            1,
            "{text} after {at}"
        );
    }
    assert!(fired > 2_500, "{fired}");
}

/// An expression that may be written, of items with a few numbers or many.
fn expression(random: &mut ChaCha8Rng) -> String {
    let mut below = |most: u64| random.next_u64() % most;
    let bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    let fields = bounds.map(|(least, most): (u64, u64)| {
        let items: Vec<String> = (0..1 + below(3))
            .map(|_| {
                let from = least + below(most - least + 1);
                let to = from + below(most - from + 1);
                let step = 1 + below(most - least + 1);
                match below(6) {
                    0 => format!("*/{step}"),
                    1 => format!("{from}-{to}/{step}"),
                    2 => format!("{from}-{to}"),
                    _ => from.to_string(),
                }
            })
            .collect();
        match below(3) {
            0 => "*".to_owned(),
            _ => items.join(","),
        }
    });
    fields.join(" ")
}

/// What the five fields mean, said once more and slowly.
fn fits(fields: &[&str], at: Utc) -> bool {
    let civil = at.to_civil();
    let names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let number = |text: &str| -> u32 {
        let named = names.iter().position(|name| *name == text);
        named.map_or_else(|| text.parse().unwrap(), |at| at as u32)
    };
    let has = |field: &str, value: u32, most: u32| {
        field.split(',').any(|item| {
            let (range, step) = item.split_once('/').unwrap_or((item, "1"));
            let (from, to) = match range.split_once('-') {
                _ if range == "*" => (if most == 31 || most == 12 { 1 } else { 0 }, most),
                Some((from, to)) => (number(from), number(to)),
                None => (number(range), number(range)),
            };
            (from..=to).contains(&value) && (value - from).is_multiple_of(number(step))
        })
    };
    let day = has(fields[2], civil.day(), 31);
    let weekday = has(fields[4], at.civil_weekday().num_days_from_sunday(), 7);
    has(fields[0], civil.minute(), 59)
        && has(fields[1], civil.hour(), 23)
        && has(fields[3], civil.month(), 12)
        && match (fields[2], fields[4]) {
            ("*", _) => weekday,
            (_, "*") => day,
            _ => day || weekday,
        }
}

#[test]
fn a_hundred_years_are_counted_in_no_time() {
    let schedule = Schedule::parse("* * * * *").unwrap();
    let (from, until) = (time("1926-01-01 00:00"), time("2026-01-01 00:00"));
    // 25 leap days, of 1928 to 2024.
    assert_eq!(schedule.count(from, until), (100 * 365 + 25) * 24 * 60);
}

#[test]
fn the_ends_of_the_calendar_are_ends() {
    let schedule = Schedule::parse("0 0 1 1 *").unwrap();
    assert_eq!(schedule.after(Time::LATEST), None);
    assert_eq!(
        shown(schedule.after(Time::EARLIEST).unwrap()),
        "0002-01-01 00:00"
    );
}
