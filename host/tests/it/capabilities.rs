//! Capabilities that an embedder adds: what their functions cost, and what they hold for a run. A whole capability is in
//! `examples/own_capability`.

use std::sync::atomic::Ordering;

use fractalaw_host::{Outcome, Quota, Report, Run, Section, Settled};

use crate::components::{RUNTIME, component, run};
use crate::store::{Store, UNITS, granted, guest, host};

/// By function: its name, calls, bytes in, bytes out, and fuel.
fn calls(report: &Report) -> Vec<(&str, u64, u64, u64, u64)> {
    let calls = report.host_calls.iter();
    calls
        .map(|call| {
            let bytes = (call.bytes_in, call.bytes_out);
            (&*call.function, call.calls, bytes.0, bytes.1, call.fuel)
        })
        .collect()
}

/// The fuel of a call: base, bytes of the arguments, bytes of the answer, and the work's own charges, also if it fails.
#[test]
fn each_call_is_charged_to_the_unit() {
    let store = Store::default();
    let host = host(&store);
    for (body, outcome, expected) in [
        (
            "(drop (call $spend (i64.const 500)))",
            "completed",
            ("spend", 1, 8, 1, 1_000 + 90 + 500),
        ),
        (
            "(call $wait (i32.const 64) (i32.const 7) (i32.const 32))",
            "completed",
            ("wait", 1, 7, 14, 2_000 + 210),
        ),
        (
            "(call $hold (i64.const 1))",
            "completed",
            ("hold", 1, 8, 0, 3_000 + 80),
        ),
        (
            "(call $fail (i64.const 500))",
            "trap",
            ("fail", 1, 8, 0, 4_000 + 80 + 500),
        ),
        (
            "(drop (call $make (i32.const 64) (i32.const 3)))",
            "completed",
            ("[constructor]thing", 1, 3, 4, 5_000 + 70),
        ),
        (
            "(call $wait (i32.const 64) (i32.const 1) (i32.const 32))
             (call $wait (i32.const 64) (i32.const 2) (i32.const 32))",
            "completed",
            ("wait", 2, 3, 6, 4_000 + 90),
        ),
    ] {
        let report = run(&host, &guest(body), granted());
        assert_eq!(
            report.outcome.kind(),
            outcome,
            "{body}: {:?}",
            report.outcome
        );
        assert_eq!(calls(&report), [expected], "{body}");
        assert_eq!(report.fuel.host_calls, expected.4, "{body}");
    }
}

/// Work that the run cannot pay is not done. The run uses its budget to the unit and is out of fuel.
#[test]
fn work_that_cannot_be_paid_ends_the_run_with_all_of_its_fuel() {
    let store = Store::default();
    let host = host(&store);
    let spends = guest("(drop (call $spend (i64.const 900000)))");
    let cost = run(&host, &spends, granted()).fuel.consumed();
    for (budget, outcome) in [
        (cost + 1, "completed"),
        (cost, "out-of-fuel"),
        (cost - 1, "out-of-fuel"),
        (50_000, "out-of-fuel"),
    ] {
        let report = run(&host, &spends, granted().fuel(budget));
        assert_eq!(report.outcome.kind(), outcome, "{budget}");
        let used = if outcome == "completed" { cost } else { budget };
        assert_eq!(report.fuel.consumed(), used, "{budget}");
    }
    // If a function fails after it was charged, the charge counts first.
    let fails = guest("(call $fail (i64.const 900000))");
    let report = run(&host, &fails, granted().fuel(50_000));
    assert_eq!(report.outcome, Outcome::OutOfFuel);
    assert_eq!(report.fuel.consumed(), 50_000);
}

#[test]
fn quotas_of_a_capability_end_the_run_at_their_bound_and_a_policy_lowers_them() {
    let store = Store::default();
    let host = host(&store);
    let twice = guest("(drop (call $spend (i64.const 500000)))".repeat(2).as_str());
    assert_eq!(run(&host, &twice, granted()).outcome.kind(), "completed");
    let lines = "interfaces.\"test:store/things\" = true\nquotas.units = 999999";
    let lowered = Run::new().grant(Section::parse(lines).unwrap());
    let report = run(&host, &twice, lowered);
    let exceeded = Outcome::QuotaExceeded {
        quota: UNITS.quota.clone(),
        limit: 999_999,
    };
    assert_eq!(report.outcome, exceeded);
    assert!(
        report
            .text()
            .contains("Limits: tier standard, but units 999,999 (lower than 1,000,000)\n")
    );
    // Memory that a capability holds counts towards the quota `host-memory`.
    let holds = guest("(call $hold (i64.const 33554432)) (call $hold (i64.const 1))");
    let report = run(&host, &holds, granted());
    let exceeded = Outcome::QuotaExceeded {
        quota: Quota::HOST_MEMORY,
        limit: 33_554_432,
    };
    assert_eq!(report.outcome, exceeded);
}

/// Each run has a session of its own, which is told how the run ended.
#[test]
fn a_session_is_one_runs_and_is_told_how_it_ended() {
    let store = Store::default();
    let host = host(&store);
    let waits = guest("(call $wait (i32.const 64) (i32.const 5) (i32.const 32))");
    for _ in 0..2 {
        let report = run(&host, &waits, granted().deterministic());
        assert_eq!(report.effects.len(), 1);
        assert_eq!(
            (&*report.effects[0].subject, report.effects[0].settled),
            ("5", Settled::Committed)
        );
    }
    let traps = guest("(call $wait (i32.const 64) (i32.const 5) (i32.const 32)) unreachable");
    let report = run(&host, &traps, granted());
    assert_eq!(report.effects[0].settled, Settled::Discarded);
    assert_eq!(
        *store.ended.lock().unwrap(),
        ["completed", "completed", "trap"]
    );
}

#[test]
fn resources_are_dropped_by_the_guest_or_with_the_run() {
    let store = Store::default();
    let host = host(&store);
    let body = "(call $drop (call $make (i32.const 64) (i32.const 3))) (drop (call $make (i32.const 64) (i32.const 5)))";
    let report = run(&host, &guest(body), granted());
    assert_eq!(report.outcome.kind(), "completed");
    assert_eq!(store.dropped.load(Ordering::Relaxed), 8);
    assert_eq!(
        calls(&report),
        [
            ("[constructor]thing", 2, 8, 8, 10_000 + 160),
            ("[drop]thing", 1, 0, 0, 6_000)
        ]
    );
}

#[test]
fn a_capability_that_fails_before_or_after_a_run_fails_the_request() {
    let store = Store {
        is_broken: true,
        ..Store::default()
    };
    let mut failed = Vec::new();
    for (store, waited) in [(store, 1), (Store::default(), 8)] {
        let host = host(&store);
        let app = host
            .load(&guest(&format!(
                "(call $wait (i32.const 64) (i32.const {waited}) (i32.const 32))"
            )))
            .unwrap();
        let error = RUNTIME.block_on(host.run(&app, &granted())).unwrap_err();
        failed.push(format!(
            "{error}: {}",
            std::error::Error::source(&error).unwrap()
        ));
        assert!(!error.is_usage());
    }
    assert_eq!(failed, ["`store` failed: the shelf is gone"; 2]);
}

#[test]
fn a_run_that_cannot_call_a_capability_has_no_session_of_it() {
    let store = Store {
        is_broken: true,
        ..Store::default()
    };
    let report = run(&host(&store), &component("", ""), Run::new());
    assert_eq!(report.outcome.kind(), "completed");
    assert_eq!(report.effects, []);
    assert_eq!(*store.ended.lock().unwrap(), Vec::<String>::new());
}
