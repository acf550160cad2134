//! How often a statement is looked at whose single steps may be slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fractalaw_sqlite::{Amount, Budget, Quota, Stop, Store};

use crate::tables::{CONDITIONS, grants, store};

/// Counts the looks.
struct Looks(Arc<AtomicU64>);

impl Budget for Looks {
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
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn looks(store: &Store, sql: &str) -> (u64, u64) {
    let looks = Arc::<AtomicU64>::default();
    let budget = Box::new(Looks(Arc::clone(&looks)));
    let mut run = store.run(grants(&["*"], &["*"]), CONDITIONS, budget);
    run.query(sql).unwrap();
    (run.used().steps, looks.load(Ordering::Relaxed))
}

/// One call of `json_extract` can walk a hundred times through a megabyte, which takes a tenth of a second. A
/// thousand of them would be made after the deadline.
#[test]
fn statements_with_slow_steps_are_looked_at_every_few_steps() {
    let store = store("CREATE VIRTUAL TABLE docs USING fts5(body)");
    let rows = "FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 900) SELECT x FROM c)";
    for (sql, between) in [
        (
            format!("SELECT sum(json_extract('[1]', '$[0]')) {rows}"),
            10,
        ),
        (format!("SELECT sum('[1]' -> 0) {rows}"), 10),
        (format!("SELECT sum(x) {rows}, docs"), 10),
        (format!("SELECT sum(x) {rows}"), 1000),
        (
            format!("SELECT count(name), sum(json_valid('[]')) {rows}, sqlite_schema"),
            10,
        ),
    ] {
        let (steps, looks) = looks(&store, &sql);
        assert!(
            looks >= steps / between,
            "{sql}: {looks} looks in {steps} steps"
        );
        assert!(
            looks <= steps / between + 10,
            "{sql}: {looks} looks in {steps} steps"
        );
    }
}
