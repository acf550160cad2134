//! What ends a run: its fuel, its deadline, a stop, or a quota. Everything that it did is then undone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fractalaw_sqlite::{Amount, Budget, Failure, Quota, Run, Stop, Store};

use crate::tables::{CONDITIONS, grants, rows, run, store, told};

/// A budget with this much fuel, which says stop at this look.
pub(crate) struct Bounded {
    pub(crate) fuel: u64,
    pub(crate) looks: u64,
    pub(crate) stop: Stop,
    pub(crate) rows: u64,
    /// What was charged, for the test to read.
    pub(crate) charged: Arc<AtomicU64>,
}

impl Budget for Bounded {
    fn spend(&mut self, fuel: u64) -> Result<(), Stop> {
        let paid = fuel.min(self.fuel);
        self.fuel -= paid;
        self.charged.fetch_add(paid, Ordering::Relaxed);
        if paid < fuel {
            Err(Stop::OutOfFuel)
        } else {
            Ok(())
        }
    }

    fn count(&mut self, quota: Quota, amount: u64) -> Result<(), Stop> {
        if quota == Quota::Rows {
            self.rows = self.rows.checked_sub(amount).ok_or(Stop::Quota(quota))?;
        }
        Ok(())
    }

    fn affords(&self, amount: &Amount) -> bool {
        amount.fuel <= self.fuel && amount.rows <= self.rows
    }

    fn spare_fuel(&self) -> u64 {
        self.fuel
    }

    fn look(&mut self) -> Result<(), Stop> {
        self.looks = self.looks.checked_sub(1).ok_or(self.stop)?;
        Ok(())
    }
}

pub(crate) fn bounded() -> Bounded {
    Bounded {
        fuel: u64::MAX,
        looks: u64::MAX,
        stop: Stop::Deadline,
        rows: u64::MAX,
        charged: Arc::default(),
    }
}

pub(crate) fn with(store: &Store, budget: Bounded) -> Run {
    store.run(grants(&["*"], &["*"]), CONDITIONS, Box::new(budget))
}

pub(crate) const SET_UP: &str = "
CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT i, 'name ' || i FROM n;
CREATE VIRTUAL TABLE docs USING fts5(body);
INSERT INTO docs SELECT name FROM t;
";

const WITHOUT_END: [&str; 5] = [
    "SELECT count(*) FROM t a, t b, t c, t d",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "SELECT a.name FROM t a, t b, t c ORDER BY a.name || b.name || c.name",
    "SELECT sum(length(randomblob(10000))) FROM t a, t b",
];

#[test]
fn a_query_without_end_ends_with_its_budget() {
    let store = store(SET_UP);
    for sql in WITHOUT_END {
        for (budget, stop) in [
            (
                Bounded {
                    fuel: 20_000_000,
                    ..bounded()
                },
                Stop::OutOfFuel,
            ),
            (
                Bounded {
                    looks: 50,
                    ..bounded()
                },
                Stop::Deadline,
            ),
            (
                Bounded {
                    looks: 50,
                    stop: Stop::Interrupted,
                    ..bounded()
                },
                Stop::Interrupted,
            ),
        ] {
            let mut run = with(&store, budget);
            run.execute("DELETE FROM t WHERE id = 1").unwrap();
            assert_eq!(run.query(sql), Err(Failure::Stop(stop)), "{sql}");
        }
        // All of them were rolled back, and the next run works.
        let mut run = run(&store, &["t"], &["t"]);
        assert_eq!(rows(&run.query("SELECT count(*) FROM t").unwrap()), "1000");
    }
}

/// A budget pays to the unit. With one unit less, the run ends, wherever in the call that is.
#[test]
fn fuel_is_the_same_each_time_and_to_the_unit() {
    let store = store(SET_UP);
    type Made = fn(&mut Run) -> Result<(), Failure>;
    let calls: [Made; 4] = [
        |run| run.query("SELECT * FROM t WHERE id < 500").map(|_| ()),
        |run| {
            run.query("SELECT name FROM t ORDER BY name DESC")
                .map(|_| ())
        },
        |run| {
            run.execute("UPDATE t SET name = upper(name) WHERE id < 300")
                .map(|_| ())
        },
        |run| {
            run.query("SELECT count(*) FROM docs WHERE docs MATCH 'name'")
                .map(|_| ())
        },
    ];
    for call in calls {
        let fuel = |budget: Bounded| {
            let charged = Arc::clone(&budget.charged);
            let mut run = with(&store, budget);
            let result = call(&mut run);
            (result, charged.load(Ordering::Relaxed))
        };
        let (result, cost) = fuel(bounded());
        assert_eq!(result, Ok(()));
        assert_eq!(fuel(bounded()), (Ok(()), cost));
        assert_eq!(
            fuel(Bounded {
                fuel: cost,
                ..bounded()
            }),
            (Ok(()), cost)
        );
        assert_eq!(
            fuel(Bounded {
                fuel: cost - 1,
                ..bounded()
            }),
            (Err(Stop::OutOfFuel.into()), cost - 1)
        );
        assert_eq!(
            fuel(Bounded {
                fuel: 100,
                ..bounded()
            }),
            (Err(Stop::OutOfFuel.into()), 100)
        );
    }
}

/// A statement about the schema is looked at too, although it reads no table.
#[test]
fn a_statement_about_the_schema_ends_when_it_is_stopped() {
    let store = store(SET_UP);
    let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c, sqlite_schema";
    for (budget, stop) in [
        (
            Bounded {
                looks: 50,
                ..bounded()
            },
            Stop::Deadline,
        ),
        (
            Bounded {
                fuel: 5_000_000,
                ..bounded()
            },
            Stop::OutOfFuel,
        ),
    ] {
        assert_eq!(with(&store, budget).query(endless), Err(stop.into()));
    }
}

/// Nobody reads a statement that is too long, so it costs nothing and counts as none.
#[test]
fn a_statement_that_is_too_long_is_refused_before_it_is_charged() {
    let store = store(SET_UP);
    let budget = bounded();
    let charged = Arc::clone(&budget.charged);
    let mut run = with(&store, budget);
    let long = format!("SELECT '{}'", "x".repeat(70_000));
    for ended in [run.query(&long).map(drop), run.execute(&long).map(drop)] {
        assert!(told(ended).starts_with("7: a statement of 70009 bytes"));
    }
    assert_eq!(charged.load(Ordering::Relaxed), 0);
}

#[test]
fn a_quota_of_rows_counts_those_that_come_out_and_those_that_change() {
    let store = store(SET_UP);
    let rows = |most, call: fn(&mut Run) -> Result<(), Failure>| {
        call(&mut with(
            &store,
            Bounded {
                rows: most,
                ..bounded()
            },
        ))
    };
    let query = |run: &mut Run| run.query("SELECT id FROM t LIMIT 300").map(|_| ());
    assert_eq!(rows(300, query), Ok(()));
    assert_eq!(rows(299, query), Err(Stop::Quota(Quota::Rows).into()));
    let update = |run: &mut Run| {
        run.execute("UPDATE t SET name = 1 WHERE id <= 300")
            .map(|_| ())
    };
    assert_eq!(rows(300, update), Ok(()));
    assert_eq!(rows(299, update), Err(Stop::Quota(Quota::Rows).into()));
}

/// The memory of SQLite in one call has a limit, whatever holds it. Other runs do not notice.
#[test]
fn a_query_that_takes_too_much_memory_ends_the_run() {
    let store = store(SET_UP);
    for sql in [
        // Rows are made distinct, sorted, kept in a table of the statement, and combined.
        "SELECT count(*) FROM (SELECT DISTINCT printf('%02000d', a.id * 1000 + b.id) FROM t a, t b)",
        "SELECT max(x) FROM (SELECT printf('%02000d', a.id * 1000 + b.id) AS x FROM t a, t b ORDER BY 1 LIMIT -1 OFFSET 1)",
        "WITH x AS MATERIALIZED (SELECT printf('%02000d', a.id * 1000 + b.id) AS r FROM t a, t b) SELECT count(*) FROM x y, x z WHERE y.r = z.r",
        "SELECT length(json_group_array(a.name || b.name)) FROM t a, t b",
    ] {
        let mut other = run(&store, &["t"], &[]);
        other.query("SELECT count(*) FROM t").unwrap();
        let mut run = with(&store, bounded());
        let ended = run.query(sql);
        let too_large = matches!(&ended, Err(Failure::Call(error)) if error.code as u32 == 7);
        assert!(
            too_large || ended == Err(Stop::Quota(Quota::CallMemory).into()),
            "{sql}: {}",
            told(ended)
        );
        assert_eq!(
            rows(&other.query("SELECT count(*) FROM t").unwrap()),
            "1000"
        );
    }
}

#[test]
fn a_writer_waits_in_line_as_long_as_it_may() {
    let store = store(SET_UP);
    let mut first = run(&store, &["t"], &["t"]);
    first.execute("DELETE FROM t WHERE id = 1").unwrap();
    let mut second = with(
        &store,
        Bounded {
            looks: 5,
            ..bounded()
        },
    );
    assert_eq!(second.execute("DELETE FROM t"), Err(Stop::Deadline.into()));
    // Another program can hold the lock too.
    drop((first, second));
    let other = rusqlite::Connection::open(store.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut third = with(
        &store,
        Bounded {
            looks: 5,
            ..bounded()
        },
    );
    assert_eq!(third.execute("DELETE FROM t"), Err(Stop::Deadline.into()));
    other.execute_batch("ROLLBACK").unwrap();
    let mut fourth = run(&store, &["t"], &["t"]);
    assert_eq!(fourth.execute("DELETE FROM t"), Ok(1000));
}

/// A query on the caller's thread costs and returns what it does on another thread. If it takes longer, it has not
/// happened.
#[test]
fn a_short_query_is_the_same_as_on_a_thread_or_has_not_happened() {
    let store = store(SET_UP);
    let short = |sql: &str, fuel: u64| {
        let budget = || Bounded { fuel, ..bounded() };
        let begin = || store.run(grants(&["*"], &[]), CONDITIONS, Box::new(budget()));
        let (mut whole, mut tried) = (begin(), begin());
        assert_eq!(tried.query_if_short(sql), None, "before its transaction");
        whole.query("SELECT random()").unwrap();
        tried.query("SELECT random()").unwrap();
        let before = tried.used();
        let answer = tried.query_if_short(sql);
        let was_short = answer.is_some();
        assert!(was_short || tried.used() == before, "{sql}");
        // Random numbers go on from the same place too.
        let answers = [
            answer.unwrap_or_else(|| tried.query(sql)),
            tried.query("SELECT random()"),
        ];
        assert_eq!(
            answers,
            [whole.query(sql), whole.query("SELECT random()")],
            "{sql}"
        );
        assert_eq!(tried.used(), whole.used(), "{sql}");
        was_short
    };
    let all = u64::MAX;
    for (sql, fuel, expected) in [
        ("SELECT name FROM t WHERE id = 7", all, true),
        ("SELECT id, random() FROM t LIMIT 3", all, true),
        ("SELECT nothing FROM t", all, true),
        ("SELECT name FROM sqlite_schema", all, true),
        ("INSERT INTO t VALUES (1, 'x')", all, true),
        // These may take long in one step, or take many.
        ("SELECT id, random() FROM t ORDER BY name", all, false),
        ("SELECT id FROM t WHERE name LIKE '%a%'", all, false),
        (
            "SELECT count(*) FROM t a, (SELECT 1 FROM t LIMIT 3) b",
            all,
            false,
        ),
        ("SELECT hex(zeroblob(40000)), random()", all, false),
        // This has too little fuel for its end.
        ("SELECT name FROM t WHERE id = 7", 25_000, false),
    ] {
        assert_eq!(short(sql, fuel), expected, "{sql}");
    }
}

/// Reading back what a run changed takes thousands of steps. They are not the run's, whose budget may be used up.
#[test]
fn a_run_whose_time_is_over_is_settled_whatever_it_changed() {
    struct Until(Arc<AtomicU64>);
    impl Budget for Until {
        fn spend(&mut self, _: u64) -> Result<(), Stop> {
            self.look()
        }
        fn count(&mut self, _: Quota, _: u64) -> Result<(), Stop> {
            Ok(())
        }
        fn look(&mut self) -> Result<(), Stop> {
            match self.0.load(Ordering::Relaxed) {
                0 => Ok(()),
                _ => Err(Stop::Deadline),
            }
        }
    }
    let store = store(SET_UP);
    for settles in [true, false] {
        let over = Arc::new(AtomicU64::new(0));
        let budget = Box::new(Until(Arc::clone(&over)));
        let mut run = store.run(grants(&["*"], &["*"]), CONDITIONS, budget);
        assert_eq!(run.execute("UPDATE t SET name = name || '!'"), Ok(1_000));
        over.store(1, Ordering::Relaxed);
        let changes = if settles {
            run.prepare(None).unwrap().settle(false).unwrap()
        } else {
            run.discard().unwrap()
        };
        assert_eq!(changes[0].rows.len(), 1_000);
    }
}

/// If SQLite is refused memory, it rolls back the whole transaction. A query that is given up must not do that.
#[test]
fn a_query_that_is_given_up_keeps_what_the_run_changed() {
    let store = store(SET_UP);
    let mut run = with(&store, bounded());
    assert_eq!(
        run.execute("UPDATE t SET name = 'changed' WHERE id = 1"),
        Ok(1)
    );
    for sql in [
        "SELECT hex(zeroblob(400000)) FROM t",
        "SELECT a.id FROM t a FULL JOIN t b ON a.id",
        "SELECT max(a.id + b.id) FROM t a, t b",
    ] {
        assert_eq!(run.query_if_short(sql), None, "{sql}");
        let name = run.query_if_short("SELECT name FROM t WHERE id = 1");
        assert_eq!(rows(&name.unwrap().unwrap()), "changed", "{sql}");
    }
    assert_eq!(run.prepare(None).unwrap().changes()[0].rows.len(), 1);
}
