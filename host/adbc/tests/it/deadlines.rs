//! A run that is stopped during a call ends, whether the driver can cancel or not. The next run works.

use fractalaw_adbc_client::{Access, Ended, Stop};

use crate::databases::{BOTH, Kind, LONG, Looking, run, told};
use crate::rows::rows;

const SET_UP: [&str; 1] = ["CREATE TABLE t (id BIGINT)"];

/// Stops at this look.
fn after(looks: u32) -> Box<Looking<impl FnMut() -> Result<(), Stop> + Send>> {
    let mut left = looks;
    Box::new(Looking(move || {
        left = left.saturating_sub(1);
        if left == 0 {
            Err(Stop::Deadline)
        } else {
            Ok(())
        }
    }))
}

#[test]
fn a_deadline_ends_a_long_query() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        let program = store.process_id();
        let mut stopped = store.run(Access::Write, after(20));
        assert_eq!(stopped.execute("INSERT INTO t VALUES (1)"), Ok(1));
        assert_eq!(stopped.query(LONG), Err(Stop::Deadline.into()), "{kind:?}");
        assert_eq!(stopped.query("SELECT 1"), Err(Stop::Deadline.into()));
        assert_eq!(stopped.end(false), Ok(Ended::RolledBack));
        let mut next = run(&store);
        let left = next
            .query("SELECT count(*) AS c FROM t")
            .map(|stream| rows(&stream));
        assert_eq!(told(left), "ok: \"0\"", "{kind:?}");
        // DuckDB's driver can cancel, so its program goes on. SQLite's cannot, so its program was killed.
        assert_eq!(program == store.process_id(), kind == Kind::Duckdb);
    }
}

/// Cancelling one run does not disturb another run of the same database.
#[test]
fn a_cancel_is_for_one_run_alone() {
    let Some(seeded) = Kind::Duckdb.seeded(&SET_UP) else {
        return;
    };
    let store = seeded.store();
    let mut other = run(&store);
    assert_eq!(other.execute("INSERT INTO t VALUES (1)"), Ok(1));
    let mut stopped = store.run(Access::Read, after(20));
    assert_eq!(stopped.query(LONG), Err(Stop::Deadline.into()));
    assert_eq!(other.execute("INSERT INTO t VALUES (2)"), Ok(1));
    assert_eq!(other.end(true), Ok(Ended::Committed));
}

/// A driver that hangs and ignores a cancel. The whole program is stopped for this.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_hangs_is_ended() {
    use rustix::process::{Pid, Signal, kill_process};
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        let id = store.process_id().unwrap();
        let mut looks = 0;
        let hang = Looking(move || {
            looks += 1;
            if looks == 5 {
                let pid = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
                kill_process(pid, Signal::STOP).unwrap();
            }
            if looks > 10 {
                Err(Stop::Deadline)
            } else {
                Ok(())
            }
        });
        let mut stopped = store.run(Access::Read, Box::new(hang));
        assert_eq!(stopped.query(LONG), Err(Stop::Deadline.into()), "{kind:?}");
        drop(stopped);
        assert_eq!(told(run(&store).query("SELECT 1").map(|_| ())), "ok: ()");
        assert_ne!(store.process_id(), Some(id));
    }
}

/// The guest gets no rows that are not paid for.
#[test]
fn rows_that_are_not_paid_for_are_not_given() {
    use fractalaw_adbc_client::{Budget, Quota};
    struct Rows(u64);
    impl Budget for Rows {
        fn spend(&mut self, _: u64) -> Result<(), Stop> {
            Ok(())
        }
        fn count(&mut self, quota: Quota, amount: u64) -> Result<(), Stop> {
            if quota == Quota::Rows {
                self.0 = self.0.checked_sub(amount).ok_or(Stop::Quota(quota))?;
            }
            Ok(())
        }
        fn look(&mut self) -> Result<(), Stop> {
            Ok(())
        }
    }
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        let sql = "VALUES (1), (2), (3)";
        let mut enough = store.run(Access::Read, Box::new(Rows(3)));
        assert_eq!(rows(&enough.query(sql).unwrap()), "1\n2\n3");
        let mut too_few = store.run(Access::Read, Box::new(Rows(2)));
        assert_eq!(too_few.query(sql), Err(Stop::Quota(Quota::Rows).into()));
    }
}
