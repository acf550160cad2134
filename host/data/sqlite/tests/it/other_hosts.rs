//! Records of runs of other hosts: one that is alive settles its run itself, and what a dead one left is settled if its ledger can
//! be asked.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use fractalaw_sqlite::{Budget, Ledgers, Quota, Stop, Store, StoreError, Verdict};
use rusqlite::Connection;

use crate::settle::{AFTER, BEFORE, left_prepared, state};
use crate::tables::{CONDITIONS, grants, rows, run, told};

/// A budget that empties a record when it is asked about the time for the third time, as the host that has committed would.
struct Settles {
    record: PathBuf,
    looks: u32,
}

impl Budget for Settles {
    fn spend(&mut self, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn count(&mut self, _: Quota, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn look(&mut self) -> Result<(), Stop> {
        self.looks += 1;
        if self.looks == 3 {
            std::fs::write(&self.record, b"").unwrap();
        }
        Ok(())
    }
}

/// A host that has committed a run empties the record a moment later. Whoever comes in between waits for it.
#[test]
fn a_record_that_another_host_is_about_to_empty_is_in_nobodys_way() {
    let (_folder, path) = left_prepared();
    let record = path.with_file_name("data.db-pending");
    let kept = std::fs::read(&record).unwrap();
    let (ask, asked) = channel();
    let emptied = record.clone();
    let store = Store::open(&path, move |run| {
        ask.send(run.to_owned()).unwrap();
        std::fs::write(&emptied, b"").unwrap();
        Verdict::Unknown
    });
    let store = store.unwrap();
    assert_eq!(asked.try_iter().collect::<Vec<_>>(), ["run 7"]);
    std::fs::write(&record, &kept).unwrap();
    // That host is alive.
    let held = std::fs::File::open(&record).unwrap();
    held.lock().unwrap();
    let budget = Settles { record, looks: 0 };
    let mut writer = store.run(grants(&["*"], &["*"]), CONDITIONS, Box::new(budget));
    assert_eq!(writer.execute("DELETE FROM t WHERE id = 1"), Ok(1));
}

#[test]
fn a_run_of_another_host_keeps_writers_out_until_it_is_settled() {
    let (_folder, path) = left_prepared();
    let record = path.with_file_name("data.db-pending");
    let refused = |opened: Result<Store, StoreError>| opened.map(drop).unwrap_err().to_string();
    let record_text = record.display();
    assert_eq!(
        refused(Store::open(&path, |_| Verdict::Unknown)),
        format!(
            "`{record_text}`: run `run 7` waits to be settled, and its ledger cannot be asked from here\nhint: start a host once \
             that reads this ledger and this database, with `--ledger`, or, if the ledger is lost, empty the file `{record_text}` to keep \
             the database as it is"
        )
    );
    // A host that is alive holds the lock. It settles its run itself, also if its ledger is known here.
    let held = std::fs::File::open(&record).unwrap();
    held.lock().unwrap();
    assert_eq!(
        refused(Store::open(&path, |_| Verdict::Completed)),
        format!(
            "`{record_text}`: a run of another host waits to be settled, and that host is still there\nhint: let that host go on, \
             or end it and start this one again, which then settles the run"
        )
    );
    held.unlock().unwrap();
    let (store, heard) = met(&path, Verdict::Completed);
    held.lock().unwrap();
    let mut writer = run(&store, &["t"], &["t"]);
    assert_eq!(
        told(writer.execute("DELETE FROM t")),
        "6: a run of another host has changed the database, and waits to be settled\nhint: run again when that host has settled it"
    );
    assert_eq!(heard.try_iter().count(), 0);
    let mut reader = run(&store, &["t"], &[]);
    assert_eq!(rows(&reader.query("SELECT count(*) FROM t").unwrap()), "3");
}

/// A database that a host has open. Then another host, which is dead now, leaves its record there. The ledger says this of its run. What
/// the operator of the first host is told can be received.
fn met(path: &Path, verdict: Verdict) -> (Store, Receiver<String>) {
    let record = path.with_file_name("data.db-pending");
    let kept = std::fs::read(&record).unwrap();
    std::fs::write(&record, b"").unwrap();
    let (tell, heard) = channel();
    let ledgers = Ledgers {
        verdict: Box::new(move |run| {
            assert_eq!(run, "run 7");
            verdict
        }),
        unsettled: Box::new(move |problem| tell.send(problem.to_string()).unwrap()),
    };
    let store = Store::open_for(path, ledgers, || Ok(())).unwrap();
    std::fs::write(&record, kept).unwrap();
    (store, heard)
}

/// A host that has the database open does not have to be started again.
#[test]
fn a_writer_settles_what_a_dead_host_left() {
    for (verdict, expected) in [(Verdict::Completed, AFTER), (Verdict::NotCompleted, BEFORE)] {
        let (_folder, path) = left_prepared();
        let (store, heard) = met(&path, verdict);
        let mut writer = run(&store, &["t"], &["t"]);
        assert_eq!(writer.execute("UPDATE t SET name = name"), Ok(3));
        drop(writer);
        assert_eq!(state(&path), expected, "{verdict:?}");
        assert!(!fractalaw_sqlite::is_unsettled(&path));
        assert_eq!(heard.try_iter().count(), 0);
    }
}

const STAYS: &str = "6: an earlier run waits to be settled, and this host cannot settle it\nhint: run again when it is settled: whoever runs \
                     the host is told what to do";

/// Whoever runs the host is told why a run stays unsettled. The guest is told only that it does.
#[test]
fn an_operator_is_told_why_a_run_stays_unsettled() {
    let change = "UPDATE t SET name = 'drei' WHERE id = 3";
    for (verdict, changed, why) in [
        (
            Verdict::Unknown,
            "",
            "run `run 7` waits to be settled, and its ledger cannot be asked from here",
        ),
        (
            Verdict::Completed,
            change,
            "run `run 7` completed, but the rows that it changed in `t` were changed by something else before it was settled",
        ),
    ] {
        let (_folder, path) = left_prepared();
        Connection::open(&path)
            .unwrap()
            .execute_batch(changed)
            .unwrap();
        let (store, heard) = met(&path, verdict);
        let mut writer = run(&store, &["t"], &["t"]);
        assert_eq!(told(writer.execute("DELETE FROM t")), STAYS);
        let heard: Vec<String> = heard.try_iter().collect();
        assert!(heard.len() == 1 && heard[0].contains(why), "{heard:?}");
        // A person has decided.
        std::fs::write(path.with_file_name("data.db-pending"), b"").unwrap();
        let change = "UPDATE t SET name = 'zwei' WHERE id = 2";
        assert_eq!(writer.execute(change), Ok(1));
    }
}

/// If the ledger failed, nobody knows whether its closing of the run is on disk. The host may not decide by what is in the file now.
#[test]
fn a_run_of_this_host_that_was_not_settled_waits_for_the_next_start() {
    let (_folder, path) = left_prepared();
    let record = path.with_file_name("data.db-pending");
    let (store, heard) = met(&path, Verdict::NotCompleted);
    let mut first = run(&store, &["t"], &["t"]);
    let change = "UPDATE t SET name = 'drei' WHERE id = 3";
    assert_eq!(first.execute(change), Ok(1));
    // It is never settled.
    drop(first.prepare(Some("run 8")).unwrap());
    let mut second = run(&store, &["t"], &["t"]);
    assert_eq!(told(second.execute("DELETE FROM t")), STAYS);
    assert_eq!(
        heard.try_iter().collect::<Vec<_>>(),
        [format!(
            "`{}`: a run of this host waits to be settled, because its ledger failed\nhint: start this host again, which then \
             settles the run",
            record.display()
        )]
    );
    drop((second, store));
    let name = || -> String {
        let connection = Connection::open(&path).unwrap();
        let sql = "SELECT name FROM t WHERE id = 3";
        connection.query_row(sql, (), |row| row.get(0)).unwrap()
    };
    assert_eq!(name(), "three");
    drop(Store::open(&path, |_| Verdict::Completed).unwrap());
    assert_eq!(name(), "drei");
}
