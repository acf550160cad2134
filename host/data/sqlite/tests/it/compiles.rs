//! Compiling ends with the budget too.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fractalaw_sqlite::Stop;

use crate::stops::{Bounded, bounded, with};
use crate::tables::store;

/// SQLite compares the plans of a join while it compiles it, for longer than a run may take.
#[test]
fn a_join_of_many_tables_ends_with_its_budget_while_it_is_compiled() {
    let table = |i: usize| {
        let index = |j: usize| {
            format!(
                "CREATE INDEX i{i}_{j} ON j{i} (c{j}, c{}, c{});",
                (j + 1) % 4,
                (j + 2) % 4
            )
        };
        format!(
            "CREATE TABLE j{i} (c0, c1, c2, c3); {}",
            (0..4).map(index).collect::<String>()
        )
    };
    let store = store(&(0..32).map(table).collect::<String>());
    let join = |tables: usize| {
        let joined = |i: usize| format!(" JOIN j{i} USING (c0, c1, c2, c3)");
        format!(
            "SELECT count(*) FROM j0{}",
            (1..tables).map(joined).collect::<String>()
        )
    };
    let ends = |tables: usize, budget: Bounded| {
        let charged = Arc::clone(&budget.charged);
        let ended = with(&store, budget).query(&join(tables)).map(drop);
        (ended, charged.load(Ordering::Relaxed))
    };
    for fuel in [30_000_000, 200_000_000] {
        let budget = Bounded { fuel, ..bounded() };
        assert_eq!(ends(32, budget), (Err(Stop::OutOfFuel.into()), fuel));
    }
    let budget = Bounded {
        looks: 3,
        ..bounded()
    };
    assert_eq!(ends(32, budget).0, Err(Stop::Deadline.into()));
    // It costs the same when it is ready from before. The first statement of a run also pays for its copies of pages.
    let mut run = with(&store, bounded());
    let mut cost = |sql: &str| {
        let before = run.used().fuel;
        run.query(sql).unwrap();
        run.used().fuel - before
    };
    cost(&join(6));
    let (ready, new) = (cost(&join(6)), cost(&format!("{} ", join(6))));
    assert_eq!(ready + 250, new);
}
