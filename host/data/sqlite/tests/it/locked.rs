//! A program that is no host holds what a run needs.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fractalaw_sqlite::{Amount, Budget, Quota, Stop, Store, StoreError, Unlimited, Verdict};
use rusqlite::Connection;

use crate::tables::{CONDITIONS, grants, rows, run};

/// A run whose deadline passes when this is set.
struct Until(Arc<AtomicBool>);

impl Budget for Until {
    fn spend(&mut self, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn count(&mut self, _: Quota, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn affords(&self, _: &Amount) -> bool {
        true
    }

    fn look(&mut self) -> Result<(), Stop> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(Stop::Deadline),
            false => Ok(()),
        }
    }
}

#[test]
fn a_lock_on_the_record_holds_up_no_run_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.db");
    let owner = Connection::open(&path).unwrap();
    owner.execute_batch("CREATE TABLE t (id)").unwrap();
    let store = Store::open(&path, |_| Verdict::Unknown).unwrap();
    let record = File::open(folder.path().join("data.db-pending")).unwrap();
    record.lock().unwrap();
    let ends = |budget: Box<dyn Budget>, over: &AtomicBool| {
        let mut run = store.run(grants(&["*"], &["*"]), CONDITIONS, budget);
        assert_eq!(run.execute("INSERT INTO t VALUES (1)"), Ok(1));
        over.store(true, Ordering::Relaxed);
        run.prepare(Some("run")).map(drop).unwrap_err()
    };
    let over = Arc::<AtomicBool>::default();
    let error = ends(Box::new(Until(Arc::clone(&over))), &over);
    assert!(matches!(error, StoreError::Stop(Stop::Deadline)), "{error}");
    let error = ends(Box::<Unlimited>::default(), &over).to_string();
    let expected = "another program holds the file's lock\nhint: stop the program, and run again";
    assert!(error.ends_with(expected), "{error}");
    record.unlock().unwrap();
    let mut last = run(&store, &["*"], &["*"]);
    assert_eq!(last.execute("INSERT INTO t VALUES (2)"), Ok(1));
    last.prepare(Some("last")).unwrap().settle(true).unwrap();
    let mut reader = run(&store, &["*"], &[]);
    assert_eq!(rows(&reader.query("SELECT id FROM t").unwrap()), "2");
}
