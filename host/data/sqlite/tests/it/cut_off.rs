//! What a statement pays that is cut off.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::stops::{Bounded, SET_UP, bounded, with};
use crate::tables::{store, told};

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
