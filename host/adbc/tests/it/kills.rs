//! The program is killed during a call. The caller gets a typed error, and the next run works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fractalaw_adbc_client::{Access, Code, EndError, Ended, Failure};
use rustix::process::{Pid, Signal, kill_process};

use crate::databases::{BOTH, Kind, LONG, Looking, Seeded, run, told};
use crate::rows::rows;

const KILLS: u32 = 50;

#[test]
fn killed_in_the_middle_of_a_call_fifty_times() {
    for kind in BOTH {
        if let Some(seeded) = kind.seeded(&["CREATE TABLE t (id BIGINT PRIMARY KEY)"]) {
            kill(&seeded);
        }
    }
}

fn kill(seeded: &Seeded) {
    let store = seeded.store();
    for round in 0..KILLS {
        let mut before = run(&store);
        let kept = format!("INSERT INTO t VALUES ({round})");
        assert_eq!(before.execute(&kept), Ok(1), "round {round}");
        assert_eq!(before.end(true), Ok(Ended::Committed), "round {round}");

        let id = store.process_id().unwrap();
        let pid = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        let is_armed = Arc::new(AtomicBool::new(false));
        let (armed, mut looks) = (is_armed.clone(), 0);
        let mut killed = store.run(
            Access::Write,
            Box::new(Looking(move || {
                looks += u32::from(armed.load(Ordering::Relaxed));
                // The first look comes before the call.
                if looks == 2 + round % 7 {
                    kill_process(pid, Signal::KILL).unwrap();
                }
                Ok(())
            })),
        );
        assert_eq!(killed.execute("INSERT INTO t VALUES (-1)"), Ok(1));
        // On a busy machine the call before has any number of looks.
        is_armed.store(true, Ordering::Relaxed);
        let Err(Failure::Call(error)) = killed.query(LONG) else {
            panic!("round {round}: it answered");
        };
        assert_eq!(error.code, Code::Engine);
        assert_eq!(
            error.message,
            "the program that holds the database ended in the middle of the call (signal: 9 (SIGKILL)), and what this run did to data was rolled back\nhint: run again"
        );
        // The run itself can make no more calls.
        assert!(killed.query("SELECT 1").is_err());
        assert!(matches!(killed.end(true), Err(EndError::Refused(_))));
    }
    let left = run(&store).query("SELECT count(*) AS n, min(id) AS least FROM t");
    assert_eq!(rows(&left.unwrap()), "50 0");
}

/// The program is started again, and the database is gone by then. Nothing of the run was done, so nothing was lost.
#[test]
fn a_database_that_does_not_open_again_takes_nothing_with_it() {
    let Some(seeded) = Kind::Duckdb.seeded(&["CREATE TABLE t (id BIGINT)"]) else {
        return;
    };
    let store = seeded.store();
    let id = i32::try_from(store.process_id().unwrap()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::KILL).unwrap();
    let aside = seeded.path.with_extension("aside");
    std::fs::rename(&seeded.path, &aside).unwrap();
    std::fs::create_dir(&seeded.path).unwrap();
    // A run can still meet the program that is ending.
    let is_closed = || told(run(&store).query("SELECT 1")).starts_with("9: cannot open");
    assert!((0..100).any(|_| is_closed()));
    let mut run = run(&store);
    for _ in 0..2 {
        let found = told(run.execute("INSERT INTO t VALUES (1)"));
        assert!(
            found.starts_with("9: cannot open the database: "),
            "{found}"
        );
    }
    std::fs::remove_dir(&seeded.path).unwrap();
    std::fs::rename(&aside, &seeded.path).unwrap();
    assert_eq!(run.execute("INSERT INTO t VALUES (1)"), Ok(1));
    assert_eq!(run.end(true), Ok(Ended::Committed));
}
