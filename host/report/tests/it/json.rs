//! JSON in both directions: a report that was read gives the same text and JSON as the one that was written.

use std::os::unix::ffi::OsStrExt;

use fractalaw_report::{
    Difference, Item, Outcome, PolicyId, Profile, QuotaLimits, Refusal, Report, ReportError,
};

use crate::samples::{items, outcomes, profile, refusals, report};

/// Reads what was written, and compares both renderings.
#[track_caller]
fn back(report: &Report) -> Report {
    let json = report.json();
    let read = Report::from_json(&json).unwrap_or_else(|error| panic!("{error}\n{json}"));
    assert_eq!(read.json(), json);
    assert_eq!(read.text(), report.text());
    assert_eq!(read.summary(), report.summary());
    read
}

#[test]
fn every_outcome_comes_back_as_it_was() {
    for outcome in outcomes() {
        let written = report(outcome);
        let mut read = back(&written);
        // JSON contains this for output that is not UTF-8.
        assert_eq!(read.stderr.bytes, "cut: \u{fffd}".as_bytes());
        assert_eq!(read.stderr.bytes_before, Some(8));
        read.stderr = written.stderr.clone();
        assert_eq!(read, written);
    }
}

#[test]
fn every_refusal_comes_back_with_its_kind_its_words_and_its_hint() {
    for refusal in refusals() {
        let mut written = report(Outcome::Refused(refusal.clone()));
        written.app = None;
        written.trace = None;
        written.effects.clear();
        let Outcome::Refused(read) = back(&written).outcome else {
            panic!("another outcome than `refused`");
        };
        assert_eq!(read.kind(), refusal.kind());
        assert_eq!(read.to_string(), refusal.to_string());
        assert_eq!(read.hint(), refusal.hint());
        let expected = match refusal {
            // The JSON contains all of it, except for the name of a quota that only this host has and that no
            // line of policy can grant.
            Refusal::NotGranted(mut refused) => {
                let last = refused.missing.last_mut().unwrap();
                let Item::Quota(quota, _) = &mut last.item else {
                    panic!("{last:?}");
                };
                quota.name = quota.unit.clone();
                Refusal::NotGranted(refused)
            }
            other => Refusal::Recorded {
                kind: other.kind().to_owned(),
                message: other.to_string(),
                hint: other.hint().into_owned(),
            },
        };
        assert_eq!(read, expected);
    }
}

#[test]
fn what_can_be_granted_is_read_from_its_line() {
    for item in items() {
        let json = serde_json::to_string(&item).unwrap();
        assert_eq!(serde_json::from_str::<Item>(&json).unwrap(), item, "{json}");
    }
}

#[test]
fn a_profile_comes_back_without_its_durations() {
    let written = profile();
    let json = serde_json::to_string_pretty(&written).unwrap();
    let read = Profile::from_json(&json).unwrap();
    assert_eq!(serde_json::to_string_pretty(&read).unwrap(), json);
    assert_eq!(
        (&read.functions, &read.nodes),
        (&written.functions, &written.nodes)
    );
    assert_eq!(read.report.text(), written.report.text());
    assert_eq!(read.report.durations.run.as_secs(), 0);
}

/// Also for a host without an audit log: nothing is listed that it does not have.
#[test]
fn quotas_come_back_as_they_were_and_in_their_order() {
    let mut written = report(Outcome::OutOfFuel);
    for quotas in [QuotaLimits::with([]), QuotaLimits::default()] {
        written.limits.quotas = quotas;
        assert_eq!(back(&written).limits, written.limits);
    }
    let names = |report: &Report| -> Vec<String> {
        let quotas = report.limits.quotas.iter();
        quotas.map(|limit| limit.quota.name.to_string()).collect()
    };
    let expected = [
        "host-calls",
        "host-bytes",
        "audit-entries",
        "audit-bytes",
        "events",
        "rows-read",
        "handles",
        "host-memory",
    ];
    let written = report(Outcome::OutOfFuel);
    assert_eq!(names(&written), expected);
    assert_eq!(names(&back(&written)), expected);
}

/// The bytes themselves: the fields of parts are in the order of their names.
#[test]
fn the_shape_is_the_one_that_is_documented() {
    let mut report = report(Outcome::Completed("ok".to_owned()));
    report.grants.granted.truncate(1);
    report.grants.not_asked.clear();
    report.effects.truncate(1);
    report.effects[0].fields.truncate(1);
    report.unmetered[0].what = "the time of a database".to_owned();
    let trace = report.trace.as_mut().expect("the sample has a trace");
    trace.calls[0].facts.remove(0);
    report.audit[0].detail = "a\u{1b}".to_owned();
    report.backtrace.truncate(1);
    report.stdout.bytes = b"out".to_vec();
    let expected = include_str!("report.json");
    assert_eq!(report.json(), expected.trim_end());
    let effects =
        "\n--- Effects (1 effects) ---\n  [data] insert permits — rows 2 (committed)\nFuel: ";
    assert!(report.text().contains(effects), "{}", report.text());
    let unmetered = "\nNot metered: the time of a database (data)\n";
    assert!(report.text().contains(unmetered), "{}", report.text());
    // What no host had before there were capabilities is left out if it is empty.
    report.effects.clear();
    report.unmetered.clear();
    report.trace = None;
    report.limits.quotas = QuotaLimits::default();
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    for absent in [
        "/effects",
        "/unmetered",
        "/trace",
        "/limits/quotas_of_capabilities",
    ] {
        assert_eq!(json.pointer(absent), None, "{absent}");
    }
}

#[test]
fn a_path_that_is_no_unicode_is_shown_and_does_not_fail_the_report() {
    let mut report = report(Outcome::OutOfFuel);
    let path = std::ffi::OsStr::from_bytes(b"/etc/\xff.toml");
    report.grants.policy = Some(PolicyId {
        path: path.into(),
        sha256: String::new(),
    });
    let read = back(&report);
    let policy = read.grants.policy.unwrap();
    assert_eq!(policy.path.to_str(), Some("/etc/\u{fffd}.toml"));
}

#[test]
fn what_is_no_report_is_told_with_the_reason() {
    let json = report(Outcome::OutOfFuel).json();
    let changed = |from: &str, to: &str| {
        assert!(json.contains(from), "{from}");
        json.replacen(from, to, 1)
    };
    for (text, expected) in [
        (
            "{".to_owned(),
            "not a report: EOF while parsing an object at line 1 column 1",
        ),
        (
            "{\"version\": 3}".to_owned(),
            "a report of version 3, expected 2",
        ),
        (
            changed("\"consumed\": 321", "\"consumed\": 322"),
            "not a report: the parts of the fuel sum to 321, expected 322 at line ",
        ),
        (
            changed("\"out-of-fuel\"", "\"out-of-time\""),
            "not a report: unknown variant `out-of-time`, expected one of `completed`, ",
        ),
        (
            changed("\"events\": 10", "\"others\": 10"),
            "not a report: unknown quota `others` at line ",
        ),
        (
            changed("\"lossy\": true", "\"lossy\": false"),
            "not a report: output of 8 bytes, expected 9 at line ",
        ),
    ] {
        let text = match expected.contains("expected 9") {
            true => text.replace("\"bytes\": 8", "\"bytes\": 9"),
            false => text,
        };
        let error = Report::from_json(&text).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        let is_version = matches!(error, ReportError::Version { found: 3, .. });
        assert_eq!(is_version, expected.contains("version 3"));
    }
}

#[test]
fn a_profile_in_which_places_are_wrong_is_none() {
    type Change = fn(&mut Profile);
    let cases: [(Change, &str); 4] = [
        (
            |profile| profile.nodes[2].parent = Some(2),
            "not a profile: node 2 of the profile stands before its parent",
        ),
        (
            |profile| profile.nodes[2].function = 5,
            "not a profile: node 2 of the profile has no function",
        ),
        (
            |profile| profile.functions[3].own_fuel = u64::MAX,
            "not a profile: the figures of the profile sum to more than 18446744073709551615",
        ),
        (
            |profile| profile.nodes[2].calls = u64::MAX,
            "not a profile: the figures of the profile sum to more than 18446744073709551615",
        ),
    ];
    for (change, expected) in cases {
        let mut profile = profile();
        change(&mut profile);
        let json = serde_json::to_string(&profile).unwrap();
        let error = Profile::from_json(&json).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let error = Profile::from_json("{\"version\": 9}").unwrap_err();
    assert_eq!(error.to_string(), "a profile of version 9, expected 1");
}

/// Replaces a number, counted from 0 in the order of the fields. Says whether there was one.
fn replace(value: &mut serde_json::Value, place: &mut usize, number: u64) -> bool {
    match value {
        serde_json::Value::Number(_) if *place == 0 => {
            *value = number.into();
            true
        }
        serde_json::Value::Number(_) => {
            *place -= 1;
            false
        }
        serde_json::Value::Array(list) => {
            list.iter_mut().any(|value| replace(value, place, number))
        }
        serde_json::Value::Object(fields) => fields
            .values_mut()
            .any(|value| replace(value, place, number)),
        _ => false,
    }
}

#[test]
fn no_figure_of_a_report_is_too_large_to_be_shown_and_compared() {
    let written = report(Outcome::OutOfFuel);
    let json: serde_json::Value = serde_json::from_str(&written.json()).unwrap();
    let (mut numbers, mut read) = (0, 0);
    loop {
        let mut changed = json.clone();
        if !replace(&mut changed, &mut numbers.clone(), u64::MAX) {
            break;
        }
        numbers += 1;
        // Some must fit others: the version, the parts of the fuel.
        if let Ok(report) = Report::from_json(&changed.to_string()) {
            read += 1;
            assert!(!report.text().is_empty() && !report.summary().is_empty());
            assert!(report.json().contains(&u64::MAX.to_string()));
            let _ = Difference::of(&written, &report);
        }
    }
    assert_eq!((numbers, read), (44, 37));
}
