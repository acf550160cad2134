//! Records of runs of other hosts: one that is alive settles its run itself, and what a dead one left is settled if its ledger can
//! be asked.

use std::path::PathBuf;

use fractalaw_sqlite::{Budget, Quota, Stop, Store, StoreError, Verdict};

use crate::settle::left_prepared;
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
    let mut asked = 0;
    let store = Store::open(&path, |_| {
        asked += 1;
        std::fs::write(&record, b"").unwrap();
        Verdict::Unknown
    });
    let store = store.unwrap();
    assert_eq!(asked, 1);
    std::fs::write(&record, &kept).unwrap();
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
    drop(held);
    let kept = std::fs::read(&record).unwrap();
    std::fs::write(&record, b"").unwrap();
    let store = Store::open(&path, |_| Verdict::Unknown).unwrap();
    std::fs::write(&record, &kept).unwrap();
    let mut writer = run(&store, &["t"], &["t"]);
    assert_eq!(
        told(writer.execute("DELETE FROM t")),
        "6: a run of another host has changed the database, and waits to be settled\nhint: run again when that host has \
         started again"
    );
    let mut reader = run(&store, &["t"], &[]);
    assert_eq!(rows(&reader.query("SELECT count(*) FROM t").unwrap()), "3");
}
