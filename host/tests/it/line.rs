//! More runs than slots wait in line. More runs than the line holds are refused.

use std::time::Duration;

use fractalaw_host::{Host, Outcome, Refusal, Run};

use crate::components::{RUNTIME, component, guest_bytes};

#[test]
fn five_hundred_runs_on_two_slots_all_complete() {
    let host = Host::builder().slots(2).build().unwrap();
    let app = host.load(&guest_bytes("hello-world")).unwrap();
    let runs: Vec<_> = (0..500)
        .map(|_| {
            let (host, app) = (host.clone(), app.clone());
            RUNTIME.spawn(async move { host.run(&app, &Run::new().deterministic()).await.unwrap() })
        })
        .collect();
    let fuel = RUNTIME
        .block_on(host.run(&app, &Run::new().deterministic()))
        .unwrap()
        .fuel;
    for run in runs {
        let report = RUNTIME.block_on(run).unwrap();
        assert_eq!(report.outcome.kind(), "completed");
        assert_eq!((report.fuel, report.audit.len()), (fuel, 1));
    }
}

#[test]
fn past_the_bound_of_the_line_a_run_is_refused_and_those_in_line_still_come_up() {
    let host = Host::builder().slots(1).max_waiting(1).build().unwrap();
    let forever = host
        .load(&component("", "(loop $again (br $again))"))
        .unwrap();
    let slow = Run::new()
        .fuel(u64::MAX)
        .deadline(Duration::from_millis(300));
    let reports = RUNTIME.block_on(async {
        let run = || host.run(&forever, &slow);
        tokio::join!(biased; run(), run(), run())
    });
    let [first, second, third] =
        [reports.0, reports.1, reports.2].map(|report| report.unwrap().outcome);
    assert_eq!(first, Outcome::DeadlineExceeded);
    assert_eq!(second, Outcome::DeadlineExceeded);
    assert_eq!(third, Outcome::Refused(Refusal::LineFull { waiting: 1 }));
}

#[test]
fn a_run_that_is_given_up_frees_its_slot_and_its_place() {
    let host = Host::builder().slots(1).max_waiting(1).build().unwrap();
    let forever = host
        .load(&component("", "(loop $again (br $again))"))
        .unwrap();
    let endless = Run::new()
        .fuel(u64::MAX)
        .deadline(Duration::from_secs(3600));
    RUNTIME.block_on(async {
        let given_up = tokio::time::timeout(Duration::from_millis(50), async {
            tokio::join!(host.run(&forever, &endless), host.run(&forever, &endless))
        });
        assert!(given_up.await.is_err());
        let app = host.load(&component("", "")).unwrap();
        assert_eq!(
            host.run(&app, &Run::new()).await.unwrap().outcome.kind(),
            "completed"
        );
    });
}
