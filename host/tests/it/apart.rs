//! Concurrent runs: what one records, writes or is given never appears in another's report.

use std::time::Duration;

use fractalaw_host::{Host, Outcome, Report, Run};

use crate::components::RUNTIME;
use crate::interfaces::{BUMP, with_wasi};

/// Records its first argument, which comes after the program's name, and writes it. Checks that a global, a table
/// and memory are as they should be at the start, and leaves its argument in all of them. Then it ends as its
/// second argument says: by itself (0), with a trap (1) or never (2).
fn marker() -> Vec<u8> {
    with_wasi(
        "(global $g (mut i32) (i32.const 0)) (table $own 10 funcref) (func $f) (elem declare func $f)
         (global $at (mut i32) (i32.const 32768))",
        "(local $ptr i32) (local $len i32) (local $out i32) (local $i i32)
         ;; Nothing is there.
         (if (global.get $g) (then unreachable))
         (if (i32.eqz (ref.is_null (table.get $own (i32.const 3)))) (then unreachable))
         (loop
            (if (i64.ne (i64.load (global.get $at)) (i64.const 0)) (then unreachable))
            (global.set $at (i32.add (global.get $at) (i32.const 8)))
            (br_if 0 (i32.lt_u (global.get $at) (i32.const 65536))))
         (call $arguments (i32.const 32))
         (local.set $ptr (i32.load offset=8 (i32.load (i32.const 32))))
         (local.set $len (i32.load offset=12 (i32.load (i32.const 32))))
         (local.set $out (call $stdout))
         (global.set $g (i32.const 1))
         (table.set $own (i32.const 3) (ref.func $f))
         (memory.fill (i32.const 32768) (i32.load8_u (local.get $ptr)) (i32.const 32768))
         (loop
            (call $record (local.get $ptr) (local.get $len) (local.get $ptr) (local.get $len)
                (local.get $ptr) (local.get $len))
            (call $write (local.get $out) (local.get $ptr) (local.get $len) (i32.const 48))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $i) (i32.const 20))))
         (local.set $i (i32.load8_u (i32.load offset=16 (i32.load (i32.const 32)))))
         (if (i32.eq (local.get $i) (i32.const 49)) (then unreachable))
         (if (i32.eq (local.get $i) (i32.const 50)) (then (loop (br 0))))
         (i32.store (i32.const 20) (local.get $ptr)) (i32.store (i32.const 24) (local.get $len))",
        BUMP,
    )
}

fn holds_only(report: &Report, mark: &str) {
    assert_eq!(report.audit.len(), 20, "{mark}");
    for (entry, sequence) in report.audit.iter().zip(1..) {
        assert_eq!(entry.sequence, sequence, "{mark}");
        for field in [&entry.event_type, &entry.resource, &entry.detail] {
            assert_eq!(field, mark);
        }
    }
    assert_eq!(report.stdout.bytes, mark.repeat(20).as_bytes());
}

#[test]
fn reports_of_runs_at_the_same_time_hold_each_its_own() {
    let host = Host::builder().slots(4).build().unwrap();
    let app = host.load(&marker()).unwrap();
    let runs: Vec<_> = (0..240)
        .map(|i| {
            let (host, app) = (host.clone(), app.clone());
            let mark = format!("run {i:03}");
            // Some never end by themselves, so they get little fuel.
            let run = Run::new()
                .arg(&mark)
                .arg((i % 3).to_string())
                .fuel(3_000_000)
                .deadline(Duration::from_secs(3600));
            let spawned = RUNTIME.spawn(async move { host.run(&app, &run).await.unwrap() });
            (mark, i % 3, spawned)
        })
        .collect();
    for (mark, ending, run) in runs {
        let report = RUNTIME.block_on(run).unwrap();
        holds_only(&report, &mark);
        match ending {
            0 => assert_eq!(report.outcome, Outcome::Completed(mark)),
            1 => assert_eq!(report.outcome.kind(), "trap"),
            _ => assert_eq!(report.outcome, Outcome::OutOfFuel),
        }
    }
}

/// A run that is given up in the middle leaves nothing for others beside it or after it.
#[test]
fn runs_that_are_given_up_leave_nothing_behind() {
    let host = Host::builder().slots(2).build().unwrap();
    let app = host.load(&marker()).unwrap();
    for i in 0..20 {
        let mark = format!("run {i:03}");
        let endless = Run::new().arg("given up").arg("2").fuel(u64::MAX);
        let run = Run::new().arg(&mark).arg("0");
        let report = RUNTIME.block_on(async {
            let given_up = tokio::time::timeout(Duration::from_millis(5), host.run(&app, &endless));
            let (given_up, report) = tokio::join!(given_up, host.run(&app, &run));
            assert!(given_up.is_err());
            report.unwrap()
        });
        holds_only(&report, &mark);
        assert_eq!(report.outcome, Outcome::Completed(mark));
    }
}
