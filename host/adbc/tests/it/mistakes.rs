//! Each kind of error has its code, and no guest gets out of the database or the transaction.

use fractalaw_adbc_client::{Access, Unlimited};

use crate::databases::{BOTH, Kind, run, told};

const SET_UP: [&str; 2] = [
    "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT NOT NULL)",
    "INSERT INTO t VALUES (1, 'one')",
];

/// Each case has a run of its own, because an error can end the run's transaction.
#[test]
fn a_query_says_what_is_wrong_with_it() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        for (sql, sqlite, duckdb) in [
            ("SELECT FROM WHERE", "1", "1"),
            ("SELECT 1; SELECT 2", "1", "1"),
            ("", "1", "1"),
            ("SELECT ?1", "1", "1"),
            ("SELECT * FROM missing", "3", "3"),
            ("SELECT missing FROM t", "3", "3"),
            ("SELECT missing(1)", "3", "3"),
            ("SELECT CAST('x' AS BIGINT)", "ok", "4"),
            ("SELECT abs(-9223372036854775808)", "4", "4"),
            ("DELETE FROM t", "8", "8"),
            ("WITH x AS (SELECT 1) DELETE FROM t", "8", "8"),
            ("COMMIT", "2", "2"),
            ("CREATE TABLE u (a INTEGER)", "2", "2"),
            ("EXPLAIN SELECT 1", "2", "2"),
            ("ATTACH 'x' AS y", "1", "1"),
            ("PRAGMA database_list", "1", "1"),
            ("SELECT repeat('x', 100000000) AS x", "3", "7"),
            ("SELECT * FROM read_csv('/etc/passwd')", "3", "2"),
            ("SELECT * FROM read_text('/etc/hostname')", "3", "2"),
            ("SELECT load_extension('x')", "2", "3"),
            ("SELECT a.n FROM (SELECT 1 AS n) a; COMMIT; --", "1", "1"),
        ] {
            let expected = if kind == Kind::Sqlite { sqlite } else { duckdb };
            let found = told(run(&store).query(sql).map(|_| ()));
            assert_eq!(
                found.split(':').next(),
                Some(expected),
                "{kind:?} {sql}: {found}"
            );
        }
    }
}

#[test]
fn messages_name_what_the_guest_named_and_nothing_of_the_machine() {
    for (kind, sql, expected) in [
        (
            Kind::Sqlite,
            "SELECT * FROM missing",
            "3: no such table: missing",
        ),
        (
            Kind::Duckdb,
            "SELECT * FROM missing",
            "3: Catalog Error: Table with name missing does not exist!\nDid you mean \"main.t\"?\n\nLINE 1: SELECT * FROM missing\n                      ^",
        ),
    ] {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let mut run = run(&seeded.store());
        let found = told(run.query(sql));
        assert!(
            found.starts_with(expected.split('\n').next().unwrap()),
            "{found}"
        );
        assert!(!found.contains(seeded.path.to_str().unwrap()), "{found}");
    }
}

#[test]
fn a_change_says_what_is_wrong_with_it() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        for (sql, code) in [
            ("INSERT INTO t VALUES (1, 'again')", "5"),
            ("INSERT INTO t VALUES (2, NULL)", "5"),
            ("INSERT INTO missing VALUES (1)", "3"),
            ("INSERT INTO t (missing) VALUES (1)", "3"),
            ("UPDATE t SET", "1"),
            ("SELECT 1", "2"),
            ("ROLLBACK", "2"),
            ("DROP TABLE t", "2"),
            ("DELETE FROM t RETURNING id", "2"),
            ("COPY t TO 'x.csv'", "1"),
            ("SET threads = 1", "1"),
        ] {
            let found = told(run(&store).execute(sql));
            assert_eq!(
                found.split(':').next(),
                Some(code),
                "{kind:?} {sql}: {found}"
            );
        }
    }
}

#[test]
fn a_run_that_may_only_read_changes_nothing() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        let mut run = store.run(Access::Read, Box::new(Unlimited::default()));
        assert_eq!(told(run.query("SELECT 1").map(|_| ())), "ok: ()");
        for found in [
            told(run.execute("DELETE FROM t")),
            told(run.insert("t", &[])),
        ] {
            assert_eq!(found, "2: this app may read data, but not change it");
        }
    }
}
