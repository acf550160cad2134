//! Without an engine, what a run stages is checked, numbered and reported.

use fractalaw_host::Outcome;

use crate::guests::Does::{self, *};
use crate::guests::guest;
use crate::lab::{alone, effects, ran, run};

/// Grants what the guests below ask for.
const LINES: &str =
    "emits.\"duty-changed\" = true\nschedules.watch = true\nschedules.keeper = true";

fn watch(does: &[Does<'_>]) -> Vec<u8> {
    guest(
        "watch",
        [&[], &["duty-changed"], &["watch", "keeper"]],
        does,
    )
}

#[test]
fn what_a_run_stages_is_numbered_and_reported_in_the_order_of_its_calls() {
    let does = [
        Emit("duty-changed", "duty 7"),
        Schedule("remind", Some("0 6 * * 1"), None, "keeper"),
        Schedule("once", None, Some(1_772_366_400), "watch"),
        CancelLast,
        Emit("duty-changed", ""),
    ];
    let expected = [
        r#"[events] emit duty-changed — id 1, payload "duty 7" (committed)"#,
        r#"[events] schedule keeper — id 2, name "remind", cron "0 6 * * 1", first "2025-01-06T06:00:00Z", payload "now" (committed)"#,
        r#"[events] emit duty-changed — id 4, payload "" (committed)"#,
    ];
    let host = alone();
    let report = ran(&host, &watch(&does), &run(LINES));
    assert_eq!(report.outcome, Outcome::Completed("done".to_owned()));
    assert_eq!(effects(&report), expected);
    for (end, kind) in [
        ("unreachable", "trap"),
        ("(loop (br 0))", "out-of-fuel"),
        ("(i32.store8 (i32.const 16) (i32.const 1))", "guest-error"),
    ] {
        let mut does = Vec::from(does);
        does.push(Wat(end));
        let report = ran(&host, &watch(&does), &run(LINES).fuel(10_000_000));
        assert_eq!(report.outcome.kind(), kind);
        let discarded = expected.map(|line| line.replace("(committed)", "(discarded)"));
        assert_eq!(effects(&report), discarded, "{kind}");
    }
}

#[test]
fn a_call_that_is_refused_says_why_and_stages_nothing() {
    let mebibyte = 1 << 20;
    for (does, lines, error) in [
        (
            vec![Emit("Duty Changed", "")],
            LINES,
            "01: event type `Duty Changed` is not a name\n\
             hint: use at most 64 small letters and digits, with `-` between words: `duty-changed`",
        ),
        (
            vec![EmitBytes("duty-changed", mebibyte + 1)],
            LINES,
            "02: the payload has 1048577 bytes, expected at most 1048576\n\
             hint: put the contents into data, and their name into the payload",
        ),
        (
            vec![EmitAs("duty-changed", "", "gap-analyser")],
            LINES,
            "03: `gap-analyser` is not the name of the caller\nhint: name `watch`",
        ),
        (
            vec![Emit("data-ingested", "")],
            LINES,
            "04: `data-ingested` is not granted\n\
             hint: declare it in `emits`, and grant it: emits.\"data-ingested\" = true",
        ),
        (
            // A grant alone is not enough: the manifest must have it too.
            vec![Emit("data-ingested", "")],
            "emits.\"data-ingested\" = true\nemits.\"duty-changed\" = true\nschedules.watch = true\nschedules.keeper = true",
            "04: `data-ingested` is not granted\n\
             hint: declare it in `emits`, and grant it: emits.\"data-ingested\" = true",
        ),
        (
            vec![Emit("duty-changed", ""), Emit("duty-changed", "")],
            "emits.\"duty-changed\" = true\nschedules.watch = true\nschedules.keeper = true\nquotas.events = 1",
            "05: the run may have 1 `events`",
        ),
        (
            vec![EmitBytes("duty-changed", 10), EmitBytes("duty-changed", 11)],
            "emits.\"duty-changed\" = true\nschedules.watch = true\nschedules.keeper = true\nquotas.event-bytes = 20",
            "05: the run may have 20 `event-bytes`",
        ),
        (
            vec![
                Schedule("a", Some("* * * * *"), None, "watch"),
                CancelLast,
                Schedule("b", Some("* * * * *"), None, "watch"),
            ],
            "emits.\"duty-changed\" = true\nschedules.watch = true\nschedules.keeper = true\nquotas.tasks = 1",
            "05: the run may have 1 `tasks`",
        ),
        (
            vec![Schedule("a", Some("0 0 30 2 *"), None, "watch")],
            LINES,
            "09: cron `0 0 30 2 *` never fires\nhint: give a day of month that the month has",
        ),
        (
            vec![Schedule("a", Some("* * * * *"), Some(0), "watch")],
            LINES,
            "10: expected `cron` or `run-at`, found both",
        ),
        (
            vec![Schedule("a", None, None, "watch")],
            LINES,
            "10: expected `cron` or `run-at`, found neither",
        ),
        (
            vec![Schedule("a", None, Some(0), "other")],
            LINES,
            "11: `other` does not exist or is not granted\n\
             hint: declare it in `schedules`, and grant it: schedules.\"APP\" = true",
        ),
        (vec![Cancel(7)], LINES, "12: there is no task 7"),
    ] {
        let report = ran(&alone(), &watch(&does), &run(lines));
        assert_eq!(report.outcome, Outcome::GuestError(error.to_owned()));
        let staged = does.len() - 1;
        assert!(effects(&report).len() <= staged, "{error}");
    }
}

#[test]
fn a_run_that_is_not_granted_what_its_manifest_asks_for_does_not_start() {
    let asks: [&[&str]; 3] = [&["data-ingested"], &["duty-changed"], &["keeper"]];
    let component = guest("watch", asks, &[Emit("duty-changed", "")]);
    let report = ran(&alone(), &component, &fractalaw_host::Run::new());
    let text = report.text();
    for line in [
        "interfaces.\"fractal:app/events-emit\" = true  # the interface `fractal:app/events-emit`\n",
        "interfaces.\"fractal:app/events-schedule\" = true  # the interface `fractal:app/events-schedule`\n",
        "on.\"data-ingested\" = true  # to be started by events of the type `data-ingested`\n",
        "emits.\"duty-changed\" = true  # to emit events of the type `duty-changed`\n",
        "schedules.\"keeper\" = true  # to schedule the micro-app `keeper`\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn what_a_run_stages_is_held_within_the_quota_for_the_hosts_memory() {
    let does: Vec<_> = (0..16)
        .map(|_| EmitBytes("duty-changed", 1 << 20))
        .collect();
    let few = "\nquotas.host-memory = 2000000";
    let report = ran(&alone(), &watch(&does), &run(&format!("{LINES}{few}")));
    assert_eq!(
        report.outcome.to_string(),
        "quota exceeded: more than 2000000 bytes of the host's memory"
    );
    assert_eq!(report.effects.len(), 1);
}

#[test]
fn a_measurement_is_the_run() {
    let host = alone();
    let does = [Emit("duty-changed", "duty 7")];
    let app = host.load_profiled(&watch(&does)).unwrap();
    let profile = fractalaw_testing::RUNTIME.block_on(host.profile(&app, &run(LINES)));
    let report = profile.unwrap().report;
    assert_eq!(effects(&report).len(), 1);
}
