//! Several databases, several names of one, and others who use one at the same time.

use std::os::unix::fs::symlink;
use std::time::Duration;

use fractalaw_host::{Host, HostError, Outcome, Policy, Run, Section};
use fractalaw_testing::RUNTIME;
use rusqlite::Connection;

use crate::guests::Does::{Execute, Query, Wat};
use crate::guests::{guest, named};
use crate::lab::{Lab, builder, host, ran};

#[test]
fn each_micro_app_has_the_database_that_the_policy_names_for_it() {
    let lab = Lab::new();
    let other = Connection::open(lab.folder.path().join("other.db")).unwrap();
    other.execute_batch("CREATE TABLE stock (item)").unwrap();
    let text = "
        [all]
        interfaces.\"fractal:app/data-query\" = true
        interfaces.\"fractal:app/data-mutate\" = true
        data.read = true
        data.write = true
        [apps.register]
        data.file = \"register.db\"
        [apps.store]
        data.file = \"other.db\"
    ";
    let policy = Policy::parse(&lab.folder.path().join("policy.toml"), text).unwrap();
    let host = builder().policy(policy).build().unwrap();
    let note = Execute("INSERT INTO note VALUES ('here')");
    let stock = Execute("INSERT INTO stock VALUES ('there')");
    for (name, does, said) in [
        ("register", &note, "done"),
        ("store", &stock, "done"),
        ("register", &stock, "3: no such table: `stock`"),
        ("store", &note, "3: no such table: `note`"),
    ] {
        let does = std::slice::from_ref(does);
        let report = ran(&host, &named(name, does), &Run::new());
        let (Outcome::Completed(found) | Outcome::GuestError(found)) = &report.outcome else {
            panic!("{}", report.outcome);
        };
        assert_eq!(found, said, "{name}");
    }
    assert_eq!(lab.rows("SELECT text FROM note"), ["here"]);
}

/// Runs that name one database in different ways wait in one line, so none of them finds it busy.
#[test]
fn a_database_with_a_symbolic_link_is_one_database() {
    let lab = Lab::new();
    let link = lab.folder.path().join("link.db");
    symlink("register.db", &link).unwrap();
    let host = host();
    let app = host
        .load(&guest(&[Execute("INSERT INTO note VALUES ('x')")]))
        .unwrap();
    let lines = "data.read = true\ndata.write = true";
    let through_link = lab.section(lines);
    let run_of = |number: usize| match number % 2 {
        0 => lab.run(),
        _ => {
            let file = format!("data.file = \"{}\"", link.display());
            Run::new().grant(Section::parse(&file).unwrap().or(through_link.clone()))
        }
    };
    RUNTIME.block_on(async {
        let mut runs = Vec::new();
        for number in 0..20 {
            let (host, app, run) = (host.clone(), app.clone(), run_of(number));
            runs.push(tokio::spawn(
                async move { host.run(&app, &run).await.unwrap() },
            ));
        }
        for run in runs {
            assert_eq!(run.await.unwrap().outcome.kind(), "completed");
        }
    });
    assert_eq!(lab.rows("SELECT text FROM note").len(), 20);
}

#[test]
fn a_database_with_a_hard_link_is_refused() {
    let lab = Lab::new();
    std::fs::hard_link(&lab.file, lab.folder.path().join("second.db")).unwrap();
    let host = host();
    let app = host.load(&guest(&[Query("SELECT 1")])).unwrap();
    let error = RUNTIME.block_on(host.run(&app, &lab.run())).unwrap_err();
    let HostError::Capability { source, .. } = error else {
        panic!("{error:?}");
    };
    assert!(source.to_string().contains("a hard link"), "{source}");
}

/// A run that writes waits for a program that has a transaction: until its deadline, or as long as a run may wait. Then the program ends it.
fn waits_for(lab: &Lab, host: &Host, other: &Connection) {
    let write = guest(&[Execute("INSERT INTO note VALUES ('x')")]);
    let short = lab.run().deadline(Duration::from_millis(200));
    let report = ran(host, &write, &short);
    assert_eq!(report.outcome, Outcome::DeadlineExceeded);
    let report = ran(host, &write, &lab.run());
    let busy = "6: another program holds the database\nhint: run again";
    assert_eq!(report.outcome, Outcome::GuestError(busy.to_owned()));
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(ran(host, &write, &lab.run()).outcome.kind(), "completed");
}

/// A program that holds the database makes a call busy. If the run's time is over before, the run ends.
#[test]
fn a_writer_waits_for_other_programs_as_long_as_it_may() {
    let lab = Lab::new();
    let host = host();
    let other = Connection::open(&lab.file).unwrap();
    // The host puts the database into WAL mode when it opens it.
    ran(&host, &guest(&[Query("SELECT 1")]), &lab.run());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    waits_for(&lab, &host, &other);
}

/// Before the host has opened a database, a program can keep it from that. A run waits as long as it may, and the next one finds the
/// database open.
#[test]
fn a_run_waits_for_a_database_to_open_as_long_as_it_may() {
    let lab = Lab::new();
    let host = host();
    let other = Connection::open(&lab.file).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    waits_for(&lab, &host, &other);
}

/// A run that holds the line for ever holds up other writers until their time is over, and no reader.
#[test]
fn a_writer_waits_in_line_until_its_deadline() {
    let lab = Lab::new();
    let host = host();
    let write = Execute("INSERT INTO note VALUES ('x')");
    let holds = host.load(&guest(&[write, Wat("(loop (br 0))")])).unwrap();
    let write = Execute("INSERT INTO note VALUES ('y')");
    let writes = host.load(&guest(&[write])).unwrap();
    let reads = host.load(&guest(&[Query("SELECT * FROM note")])).unwrap();
    let for_ever = lab
        .run()
        .fuel(u64::MAX / 2)
        .deadline(Duration::from_secs(3_600));
    let short = lab.run().deadline(Duration::from_millis(100));
    let only_reads = Run::new().grant(lab.section("data.read = true\ndata.write = []"));
    RUNTIME.block_on(async {
        let holds = async { host.run(&holds, &for_ever).await.unwrap() };
        let others = async {
            // It may come before the run that stays.
            while host.run(&writes, &short).await.unwrap().outcome != Outcome::DeadlineExceeded {}
            let report = host.run(&reads, &only_reads).await.unwrap();
            assert_eq!(report.outcome.kind(), "completed");
            host.stop();
        };
        let (ended, ()) = tokio::join!(holds, others);
        assert_eq!(ended.outcome, Outcome::Interrupted);
    });
}
