//! A statement ends when the run's fuel, time or quota does. Other runs go on meanwhile.

use std::time::Duration;

use fractalaw_host::{Outcome, Run};

use crate::guests::Does::{Execute, Query};
use crate::guests::guest;
use crate::lab::{Lab, host, ran};

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

#[test]
fn a_statement_without_end_is_ended_by_fuel_or_time() {
    let lab = Lab::new();
    let guest = guest(&[Query(ENDLESS)]);
    let host = host();
    let report = ran(&host, &guest, &lab.run().fuel(50_000_000));
    assert_eq!(report.outcome, Outcome::OutOfFuel);
    assert_eq!(report.fuel.consumed(), 50_000_000);
    let run = lab
        .run()
        .fuel(u64::MAX / 2)
        .deadline(Duration::from_millis(200));
    let report = ran(&host, &guest, &run);
    assert_eq!(report.outcome, Outcome::DeadlineExceeded);
}

#[test]
fn each_quota_ends_a_run() {
    let lab = Lab::new();
    let insert = "INSERT INTO site VALUES ('a'), ('b')";
    for (quota, does) in [
        (
            "data-statements",
            guest(&[Query("SELECT 1"), Query("SELECT 1")]),
        ),
        ("data-rows", guest(&[Execute(insert)])),
        ("data-bytes", guest(&[Query("SELECT 1")])),
    ] {
        let section = lab.section(&format!(
            "data.read = true\ndata.write = true\nquotas.{quota} = 1"
        ));
        let report = ran(&host(), &does, &Run::new().grant(section));
        let Outcome::QuotaExceeded {
            quota: found,
            limit,
        } = &report.outcome
        else {
            panic!("{quota}: {}", report.outcome);
        };
        assert_eq!((&*found.name, *limit), (quota, 1));
        assert!(lab.rows("SELECT name FROM site").is_empty());
    }
}

const ENDLESS_CHANGE: &str = "INSERT INTO note WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i % 1000 = 0";

/// The host has one thread. A statement that blocked it would keep the other run from beginning. When the host is stopped, SQLite is
/// interrupted, and that is how the run ends.
#[test]
fn a_long_statement_lets_other_runs_go_on() {
    for does in [Query(ENDLESS), Execute(ENDLESS_CHANGE)] {
        let lab = Lab::new();
        lets_other_runs_go_on(&lab, &guest(&[does]));
        assert!(lab.rows("SELECT text FROM note").is_empty());
        // Nothing is left that would be in the way.
        let after = [Execute("INSERT INTO note VALUES ('after')")];
        let report = ran(&host(), &guest(&after), &lab.run());
        assert_eq!(report.outcome.kind(), "completed");
        assert_eq!(lab.rows("SELECT text FROM note"), ["after"]);
    }
}

fn lets_other_runs_go_on(lab: &Lab, endless: &[u8]) {
    let host = host();
    let endless = host.load(endless).unwrap();
    let short = host.load(&guest(&[Query("SELECT 1")])).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let reads = Run::new().grant(lab.section("data.read = true\ndata.write = []"));
    let run = lab
        .run()
        .fuel(u64::MAX / 2)
        .deadline(Duration::from_secs(3_600));
    runtime.block_on(async {
        let endless = async { host.run(&endless, &run).await.unwrap() };
        let others = async {
            for _ in 0..10 {
                let report = host.run(&short, &reads).await.unwrap();
                assert_eq!(report.outcome.kind(), "completed");
            }
            host.stop();
        };
        let (ended, ()) = tokio::join!(endless, others);
        assert_eq!(ended.outcome, Outcome::Interrupted);
    });
}
