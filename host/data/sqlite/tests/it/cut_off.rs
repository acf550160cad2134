//! What a statement pays between the places at which it is paid for, and when it is cut off.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fractalaw_sqlite::{Failure, Stop};

use crate::stops::{Bounded, SET_UP, bounded, with};
use crate::tables::{run, store, told};

/// Steps are paid for a thousand at a time. A statement that is cut off pays for those that it made since.
#[test]
fn a_statement_that_is_cut_off_pays_for_what_it_did() {
    let store = store(SET_UP);
    let paid = |sql: &str, looks: u64| {
        let budget = Bounded { looks, ..bounded() };
        let charged = Arc::clone(&budget.charged);
        let mut run = with(&store, budget);
        assert_eq!(told(run.query(sql)), "stop: the deadline passed");
        let used = run.used();
        assert_eq!(charged.load(Ordering::Relaxed), used.fuel);
        used.steps
    };
    // SQLite looks every ten steps or a few later. The first look is before the statement.
    let json = "SELECT sum(json_valid('[' || a.id || ']')) FROM t a, t b";
    assert_eq!([2, 3].map(|looks| paid(json, looks)), [22, 34]);
    let plain = "SELECT sum(a.id) FROM t a, t b";
    assert_eq!([2, 3].map(|looks| paid(plain, looks)), [2_000, 3_002]);
}

/// A thousand steps can make a gigabyte. A run whose fuel is gone makes no more of it, so that it ends in time on a busy machine too.
#[test]
fn large_values_are_made_only_as_long_as_a_run_can_pay_for_them() {
    let store = store("CREATE TABLE keys (name TEXT PRIMARY KEY) WITHOUT ROWID");
    for sql in [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
         INSERT INTO keys SELECT hex(zeroblob(499000)) || i FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
         INSERT INTO keys SELECT hex(zeroblob(400000)) || i FROM n",
    ] {
        let mut run = with(
            &store,
            Bounded {
                fuel: 16_000_000,
                ..bounded()
            },
        );
        let ended = run.execute(sql);
        assert_eq!(ended, Err(Failure::Stop(Stop::OutOfFuel)), "{sql}");
        // 16 000 000 units pay for 10 000 KiB. The last row, of less than 5 000 KiB, is made to its end.
        let made = run.used().large_kib;
        assert!((10_000..15_000).contains(&made), "{sql}: {made} KiB");
    }
}

/// Full text writes what it keeps when the statement has ended, in fewer than a thousand steps. What the statement did since it last
/// paid is paid once, and not again with these. Otherwise some statements would cost more than those that add more rows.
#[test]
fn the_end_of_a_statement_is_paid_once() {
    let store = store(SET_UP);
    let steps = |rows: u32| {
        let mut run = run(&store, &["docs", "t"], &["docs"]);
        let sql = format!("INSERT INTO docs SELECT name FROM t WHERE id <= {rows}");
        run.execute(&sql).unwrap();
        run.used().steps
    };
    let all: Vec<u64> = (1..=60).map(steps).collect();
    assert!(all.is_sorted(), "{all:?}");
}
