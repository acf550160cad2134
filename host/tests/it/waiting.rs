//! A guest that waits: in virtual time, by the machine's clock, and until its deadline.

use std::time::Duration;

use fractalaw_host::{Certainty, DirGrant, Host, Outcome, Report, Run};
use tempfile::TempDir;

use crate::components::{RUNTIME, cache, guest_bytes};

fn run(guest: &str, run: &Run) -> Report {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let app = host.load(&guest_bytes(guest)).unwrap();
    RUNTIME.block_on(host.run(&app, run)).unwrap()
}

const HOUR: Duration = Duration::from_secs(3_600);

/// The guest sleeps for an hour.
#[test]
fn a_deadline_passes_in_virtual_time_to_the_nanosecond_and_repeats() {
    let ns = Duration::from_nanos(1);
    for (deadline, completes) in [(HOUR - ns, false), (HOUR, false), (HOUR + ns, true)] {
        let request = Run::new().deterministic().deadline(deadline);
        let reports = [(); 2].map(|()| run("sleeper", &request));
        assert_eq!(reports[0].fuel, reports[1].fuel);
        for report in &reports {
            assert_eq!(report.fuel.certainty, Certainty::Exact);
            assert_eq!(report.audit.len(), 1);
        }
        let slept = "slept through the deadline".to_owned();
        let expected = match completes {
            true => Outcome::Completed(slept),
            false => Outcome::DeadlineExceeded,
        };
        assert_eq!(reports[0].outcome, expected, "{deadline:?}");
    }
}

/// A deadline that is too late for a clock is as good as a century.
#[test]
fn no_deadline_is_so_late_that_time_runs_over() {
    let request = Run::new().deterministic().deadline(Duration::MAX);
    assert_eq!(run("sleeper", &request).outcome.kind(), "completed");
}

#[test]
fn the_machines_clock_is_waited_for_as_well() {
    for (args, expected) in [
        (["one timer", "3"], "3 of 3 ready"),
        (["timers", "1"], "1 timers, ready [0]"),
    ] {
        let request = args.into_iter().fold(Run::new(), Run::arg);
        let outcome = run("waits-and-streams", &request).outcome;
        assert_eq!(outcome, Outcome::Completed(expected.to_owned()));
    }
}

#[test]
fn a_clock_later_than_the_ledger_can_say_does_not_run() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let app = host.load(&guest_bytes("hello-world")).unwrap();
    let at = |clock| RUNTIME.block_on(host.run(&app, &Run::new().clock(clock)));
    let report = at(fractalaw_host::CLOCK_MAX).unwrap();
    assert_eq!(report.audit[0].time_unix_ns, 5_680_281_600_000_000_000);
    let error = at(fractalaw_host::CLOCK_MAX + Duration::from_nanos(1)).unwrap_err();
    assert!(error.is_usage());
    assert_eq!(
        error.to_string(),
        "the clock is to begin after 2150-01-01T00:00:00Z, expected no later"
    );
}

fn with_text() -> (TempDir, Run) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("text.txt"), "twelve bytes").unwrap();
    let run = Run::new()
        .deterministic()
        .trace()
        .arg("files")
        .dir(DirGrant {
            host: folder.path().to_owned(),
            guest: "/data".to_owned(),
            writable: true,
        });
    (folder, run)
}

/// The second `splice` should move everything, which is twelve bytes.
#[test]
fn no_byte_is_moved_that_is_not_paid_for() {
    let (_folder, request) = with_text();
    let whole = run("waits-and-streams", &request);
    let calls = whole.trace.unwrap().calls;
    let mut splices = calls
        .iter()
        .filter(|call| call.function.ends_with(".splice"));
    let splice = splices.nth(1).unwrap();
    assert_eq!(splice.bytes_out, 8 + 12);
    let base = splice.fuel - splice.bytes_out;
    for paid in 0..40 {
        let report = run(
            "waits-and-streams",
            &request.clone().fuel(splice.at + base + paid),
        );
        assert_eq!(report.outcome, Outcome::OutOfFuel);
        // The eight bytes of the answer come first, and one unit must be left.
        let moved = paid.saturating_sub(8 + 1).min(12);
        assert_eq!(report.stdout.bytes.len() as u64, moved, "{paid}");
    }
}
