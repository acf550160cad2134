//! All or nothing: what a run did takes effect only if the run completes.

use fractalaw_adbc_client::{EndError, Ended};

use crate::databases::{BOTH, Kind, Seeded, run, told};
use crate::rows::rows;

const SET_UP: [&str; 2] = [
    "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT)",
    "INSERT INTO t VALUES (1, 1)",
];

fn ids(seeded: &Seeded) -> String {
    let store = seeded.store();
    let found = run(&store).query("SELECT id, n FROM t ORDER BY id");
    rows(&found.unwrap()).replace('\n', ", ")
}

#[test]
fn what_completes_takes_effect_and_nothing_else_does() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        {
            let store = seeded.store();
            let mut completed = run(&store);
            assert_eq!(completed.execute("INSERT INTO t VALUES (2, 2)"), Ok(1));
            assert_eq!(completed.end(true), Ok(Ended::Committed));
            let mut failed = run(&store);
            assert_eq!(failed.execute("INSERT INTO t VALUES (3, 3)"), Ok(1));
            assert_eq!(failed.end(false), Ok(Ended::RolledBack));
            let mut dropped = run(&store);
            assert_eq!(dropped.execute("INSERT INTO t VALUES (4, 4)"), Ok(1));
            drop(dropped);
            assert_eq!(run(&store).end(true), Ok(Ended::Unused));
        }
        assert_eq!(ids(&seeded), "1 1, 2 2", "{kind:?}");
    }
}

/// SQLite undoes one call. DuckDB undoes a transaction only as a whole, and says so.
#[test]
fn a_call_that_failed_leaves_nothing() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        {
            let store = seeded.store();
            let mut run = run(&store);
            assert_eq!(run.execute("INSERT INTO t VALUES (2, 2)"), Ok(1));
            let found = told(run.execute("INSERT INTO t VALUES (3, 3), (1, 1)"));
            assert!(found.starts_with("5: "), "{found}");
            let after = told(run.execute("INSERT INTO t VALUES (4, 4)"));
            match kind {
                Kind::Sqlite => {
                    assert_eq!(after, "ok: 1");
                    assert_eq!(run.end(true), Ok(Ended::Committed));
                }
                Kind::Duckdb => {
                    let lost = "a call before this one failed, and with it all that this run did to data\nhint: end the run: this database undoes a transaction whole or not at all";
                    assert_eq!(after, format!("5: {lost}"));
                    let Err(EndError::Refused(error)) = run.end(true) else {
                        panic!("it committed");
                    };
                    assert_eq!(error.message, lost);
                }
            }
        }
        let left = if kind == Kind::Sqlite {
            "1 1, 2 2, 4 4"
        } else {
            "1 1"
        };
        assert_eq!(ids(&seeded), left, "{kind:?}");
    }
}

/// A query that fails can also end the transaction, without an error that says so.
#[test]
fn a_transaction_that_failed_does_not_pass_for_committed() {
    let Some(seeded) = Kind::Duckdb.seeded(&SET_UP) else {
        return;
    };
    {
        let store = seeded.store();
        let mut run = run(&store);
        assert_eq!(run.execute("INSERT INTO t VALUES (2, 2)"), Ok(1));
        let found = told(run.query("SELECT CAST('x' AS BIGINT)"));
        assert!(found.starts_with("4: "), "{found}");
        assert!(matches!(run.end(true), Err(EndError::Refused(_))));
    }
    assert_eq!(ids(&seeded), "1 1");
}

#[test]
fn of_two_runs_that_change_one_row_the_second_is_told() {
    let Some(seeded) = Kind::Duckdb.seeded(&SET_UP) else {
        return;
    };
    {
        let store = seeded.store();
        let (mut first, mut second) = (run(&store), run(&store));
        assert_eq!(second.query("SELECT 1").map(|_| ()), Ok(()));
        assert_eq!(first.execute("UPDATE t SET n = 10 WHERE id = 1"), Ok(1));
        let found = told(second.execute("UPDATE t SET n = 20 WHERE id = 1"));
        assert!(
            found.starts_with("6: ") && found.ends_with("\nhint: run again"),
            "{found}"
        );
        assert_eq!(first.end(true), Ok(Ended::Committed));
        assert!(matches!(second.end(true), Err(EndError::Refused(_))));
    }
    assert_eq!(ids(&seeded), "1 10");
}
