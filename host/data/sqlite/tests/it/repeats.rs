//! Two runs that do the same get the same, whatever SQLite takes at random or the connection did before.

use fractalaw_sqlite::{Conditions, Stop, Unlimited};

use crate::stops::{Bounded, bounded, with};
use crate::tables::{CONDITIONS, grants, rows, run, store, table, told};

/// SQLite looks at thousands of plans for a join of many tables, and only when it compiles the statement. What else the
/// connection has done must not count.
#[test]
fn a_statement_with_many_plans_costs_the_same_in_each_run() {
    let store = store(
        "CREATE TABLE r (id INTEGER PRIMARY KEY, k INTEGER, x REAL); CREATE INDEX rk ON r (k); CREATE INDEX rkx ON r (k, x)",
    );
    let tables = |count| (0..count).map(|at| format!("r a{at}")).collect::<Vec<_>>();
    let sql = format!("SELECT count(*) FROM {}", tables(10).join(" NATURAL JOIN "));
    let mut costs = Vec::new();
    for before in [
        "SELECT 1",
        "SELECT json('[]')",
        "SELECT DISTINCT k FROM r",
        "SELECT 1",
    ] {
        let mut run = run(&store, &["*"], &[]);
        run.query(before).unwrap();
        let used = run.used();
        for _ in 0..2 {
            run.query(&sql).unwrap();
        }
        costs.push((run.used().fuel - used.fuel, run.used().steps - used.steps));
    }
    assert!(costs[0].0 > 1_000_000, "{costs:?}");
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    // It is stopped while it is compiled, and while it is ready.
    for _ in 0..2 {
        let budget = Bounded {
            fuel: 500_000,
            ..bounded()
        };
        let mut run = with(&store, budget);
        assert_eq!(told(run.query(&sql)), format!("stop: {}", Stop::OutOfFuel));
    }
}

/// From the sixth column of a name on, SQLite makes names with random numbers.
#[test]
fn the_names_of_columns_are_the_same_in_each_run() {
    let store = store(
        "CREATE VIEW v AS SELECT * FROM (SELECT 1 AS x, 2 AS x, 3 AS x, 4 AS x, 5 AS x, 6 AS x, 7 AS x)",
    );
    let head = |sql: &str| {
        let answer = table(&run(&store, &["*"], &[]).query(sql).unwrap());
        answer
            .lines()
            .next()
            .unwrap()
            .replace(":Int64", "")
            .replace(":Null", "")
    };
    let names = "x x:1 x:2 x:3 x:4 x:5 x:6";
    for (sql, expected) in [
        (
            "SELECT * FROM (SELECT 1 AS x, 2 AS x, 3 AS x, 4 AS x, 5 AS x, 6 AS x, 7 AS x)",
            names,
        ),
        ("SELECT * FROM v", names),
        (
            "SELECT * FROM (SELECT 1 AS x, 2 AS x, 3 AS x, 4 AS x, 5 AS x, 6 AS x, name AS x FROM sqlite_schema)",
            names,
        ),
        (
            "SELECT 1 AS \"x:4000000000\", 2 AS \"x:5\"",
            "x:4000000000 x:5",
        ),
    ] {
        // A statement that is ready has the names of before.
        assert_eq!(head(sql).replace(":Utf8", ""), expected, "{sql}");
        assert_eq!(head(sql).replace(":Utf8", ""), expected, "{sql}");
    }
}

/// When no larger rowid is left, SQLite takes one at random.
#[test]
fn no_row_gets_a_random_rowid() {
    let store = store(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n);
         INSERT INTO t VALUES (9223372036854775807, 1), (1099511627776, 1);
         CREATE TABLE seen (n); CREATE TRIGGER see AFTER INSERT ON seen BEGIN INSERT INTO t (n) VALUES (new.n); END;",
    );
    let mut run = run(&store, &["*"], &["*"]);
    let full = "7: `t` has a row with the rowid 9223372036854775807, so SQLite would give its next row a random one\nhint: give rows smaller keys, below 2^40 in a table that has this row";
    assert_eq!(told(run.execute("INSERT INTO t (n) VALUES (2)")), full);
    assert_eq!(told(run.execute("INSERT INTO seen VALUES (2)")), full);
    let count = "SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM seen)";
    assert_eq!(rows(&run.query(count).unwrap()), "2");
    assert_eq!(run.execute("INSERT INTO t VALUES (7, 2)"), Ok(1));
    assert_eq!(run.execute("UPDATE t SET n = 3"), Ok(3));
    assert_eq!(
        run.execute("DELETE FROM t WHERE id = 9223372036854775807"),
        Ok(1)
    );
    assert_eq!(run.execute("INSERT INTO t (n) VALUES (2)"), Ok(1));
    assert_eq!(
        rows(&run.query("SELECT max(id) FROM t").unwrap()),
        "1099511627777"
    );
}

/// The guest's world answers statements about the schema. It has the run's clock and seed too.
#[test]
fn statements_about_the_schema_have_the_runs_own_time_and_randomness() {
    let store = store("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let found = |sql: &str, seed: u64| {
        let conditions = Conditions { seed, ..CONDITIONS };
        let mut run = store.run(
            grants(&["*"], &[]),
            conditions,
            Box::new(Unlimited::default()),
        );
        rows(&run.query(sql).unwrap())
    };
    for from in [
        "pragma_table_info('t')",
        "pragma_table_list LIMIT 1",
        "sqlite_schema",
    ] {
        for (sql, expected) in [
            ("strftime('%s', 'now')", "1735689600"),
            ("CURRENT_TIMESTAMP", "2025-01-01 00:00:00"),
            ("unixepoch()", "1735689600"),
            ("julianday('now')", "2460676.5"),
        ] {
            let sql = format!("SELECT {sql} FROM {from}");
            assert_eq!(found(&sql, 1), expected, "{sql}");
        }
        let sql = format!("SELECT random() || hex(randomblob(4)) FROM {from}");
        assert_eq!(found(&sql, 7), found(&sql, 7), "{sql}");
        assert_ne!(found(&sql, 7), found(&sql, 8), "{sql}");
    }
}
