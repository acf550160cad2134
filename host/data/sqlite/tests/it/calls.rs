//! What each call returns: rows, counts, and one code for each kind of error.

use fractalaw_sqlite::Conditions;

use crate::tables::{CONDITIONS, grants, rows, run, store, table, told};

const SET_UP: &str = "
CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x' CHECK (name <> 'bad'), n INTEGER UNIQUE);
CREATE TABLE strict (a INTEGER) STRICT;
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id));
CREATE TABLE secret (x);
INSERT INTO t VALUES (1, 'one', 10), (2, 'two', 20);
";

#[test]
fn rows_come_out_in_order_with_their_names_and_types() {
    let store = store(SET_UP);
    let mut run = run(&store, &["t"], &[]);
    for (sql, expected) in [
        (
            "SELECT * FROM t ORDER BY id",
            "id:Int64 name:Utf8 n:Int64\n1 one 10\n2 two 20",
        ),
        (
            "SELECT n, n, 1 AS \"\" FROM t WHERE id = 1",
            "n:Int64 n:Int64 :Int64\n10 10 1",
        ),
        (
            "SELECT id, name || '' AS e FROM t WHERE 0",
            "id:Int64 e:Null",
        ),
        (
            "  -- a comment\nSELECT 1 AS a; -- and another",
            "a:Int64\n1",
        ),
        (
            "WITH x AS (SELECT 1 AS a UNION ALL SELECT 2) SELECT count(*) AS c FROM x",
            "c:Int64\n2",
        ),
        (
            "VALUES (1, 2.5, 'a', x'00ff', NULL)",
            "column1:Int64 column2:Float64 column3:Utf8 column4:Binary column5:Null\n1 2.5 a [00, ff] -",
        ),
    ] {
        assert_eq!(
            told(run.query(sql).map(|stream| table(&stream))),
            format!("ok: {expected:?}"),
            "{sql}"
        );
    }
}

#[test]
fn a_run_sees_its_own_changes() {
    let store = store(SET_UP);
    let mut run = run(&store, &["t"], &["t"]);
    assert_eq!(
        run.execute("INSERT INTO t (name, n) VALUES ('three', 30), ('four', 40)"),
        Ok(2)
    );
    assert_eq!(run.execute("UPDATE t SET n = n + 1 WHERE id > 1"), Ok(3));
    assert_eq!(
        run.execute(
            "INSERT INTO t VALUES (1, 'again', 5) ON CONFLICT (id) DO UPDATE SET name = 'again'"
        ),
        Ok(1)
    );
    assert_eq!(run.execute("DELETE FROM t WHERE n = 41"), Ok(1));
    assert_eq!(run.execute("DELETE FROM t WHERE n = 41"), Ok(0));
    assert_eq!(
        rows(&run.query("SELECT * FROM t ORDER BY id").unwrap()),
        "1 again 10\n2 two 21\n3 three 31"
    );
}

/// Each kind of error has its code. If a person can do something, the message says what.
#[test]
fn a_query_says_what_is_wrong_with_it() {
    let store = store(SET_UP);
    let mut run = run(&store, &["t"], &["t"]);
    for (sql, expected) in [
        ("SELEC 1", "1: near \"SELEC\": syntax error"),
        (
            "SELECT 1; SELECT 2",
            "1: expected one statement, and there is none, or more than one\nhint: make one call for each",
        ),
        (
            "",
            "1: expected one statement, and there is none, or more than one\nhint: make one call for each",
        ),
        (
            "-- nothing",
            "1: expected one statement, and there is none, or more than one\nhint: make one call for each",
        ),
        (
            "SELECT ?1",
            "1: the statement has parameters, and there is nothing to give them\nhint: write values into the statement, text between single quotes with each `'` in it twice",
        ),
        ("EXPLAIN SELECT 1", "2: `EXPLAIN` is not for guests"),
        (
            "EXPLAIN QUERY PLAN SELECT 1",
            "2: `EXPLAIN` is not for guests",
        ),
        ("ATTACH 'x' AS y", "2: guests may not use ATTACH"),
        (
            "PRAGMA database_list",
            "2: guests may not use PRAGMA\nhint: `PRAGMA table_info` and its like are allowed: they tell of tables",
        ),
        (
            "SELECT * FROM t, sqlite_schema",
            "2: one statement reads both the schema and the rows of tables\nhint: read the schema with a statement of its own",
        ),
        ("SELECT * FROM missing", "3: no such table: `missing`"),
        ("SELECT Missing FROM t", "3: no such column: `missing`"),
        ("SELECT missing(1)", "3: no such function: `missing`"),
        (
            "SELECT load_extension('x')",
            "3: no such function: `load_extension`",
        ),
        (
            "SELECT \"two\" FROM t",
            "3: no such column: `two`\nhint: write text between single quotes",
        ),
        ("SELECT json('{')", "4: malformed JSON"),
        ("SELECT abs(-9223372036854775808)", "4: integer overflow"),
        (
            "SELECT column1 AS c FROM (VALUES (1), ('a'))",
            "4: row 2, column `c`: a value of type text, expected an integer\nhint: give the column one type with `CAST(… AS …)`",
        ),
        (
            "SELECT zeroblob(1e9)",
            "7: a value or a row has more than 1048576 bytes",
        ),
        (
            "DELETE FROM t",
            "8: `query` was given a statement that changes something, expected one that only reads\nhint: call `execute`",
        ),
        (
            "INSERT INTO t (id) VALUES (9) RETURNING id",
            "2: `RETURNING` is not for guests: a statement reads or it changes\nhint: leave it out, and call `query` for the rows",
        ),
    ] {
        assert_eq!(told(run.query(sql)), expected, "{sql}");
    }
    // None of them changed anything or ended the run.
    assert_eq!(rows(&run.query("SELECT count(*) FROM t").unwrap()), "2");
}

const DDL: &str = "2: guests may not use CREATE, DROP, ALTER or ANALYZE\nhint: tables are made by whoever runs the host, before";

#[test]
fn a_change_says_what_is_wrong_with_it() {
    let store = store(SET_UP);
    let mut run = run(
        &store,
        &["t", "strict", "child", "parent"],
        &["t", "strict", "child"],
    );
    for (sql, expected) in [
        (
            "SELECT 1",
            "2: `execute` was given a statement that only reads, expected one that changes something\nhint: call `query`",
        ),
        (
            "COMMIT",
            "2: guests may not use a transaction\nhint: leave it out: what a run does takes effect when it completes",
        ),
        (
            "SAVEPOINT s",
            "2: guests may not use a transaction\nhint: leave it out: what a run does takes effect when it completes",
        ),
        ("CREATE TABLE x (y)", DDL),
        ("CREATE TEMP TABLE x (y)", DDL),
        (
            "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END",
            DDL,
        ),
        ("CREATE VIRTUAL TABLE x USING fts5(y)", DDL),
        ("DROP TABLE t", DDL),
        ("ALTER TABLE t RENAME TO u", DDL),
        ("ANALYZE", DDL),
        ("VACUUM", "2: this kind of statement is not for guests"),
        (
            "VACUUM INTO 'x.db'",
            "2: this kind of statement is not for guests",
        ),
        (
            "PRAGMA user_version = 1",
            "2: guests may not use PRAGMA\nhint: `PRAGMA table_info` and its like are allowed: they tell of tables",
        ),
        (
            "INSERT INTO parent VALUES (1)",
            "2: `parent` may be read, but not changed",
        ),
        ("INSERT INTO sqlite_schema VALUES (1, 2, 3, 4, 5)", DDL),
        (
            "INSERT INTO t (absent) VALUES (1)",
            "3: table t has no column named absent",
        ),
        (
            "INSERT INTO strict VALUES ('x')",
            "4: cannot store TEXT value in INTEGER column strict.a",
        ),
        ("INSERT INTO t (id) VALUES ('x')", "4: datatype mismatch"),
        (
            "INSERT INTO t VALUES (1, 'a', 1)",
            "5: UNIQUE constraint failed: t.id",
        ),
        (
            "INSERT INTO t VALUES (3, 'a', 10)",
            "5: UNIQUE constraint failed: t.n",
        ),
        (
            "INSERT INTO t VALUES (3, NULL, 1)",
            "5: NOT NULL constraint failed: t.name",
        ),
        (
            "INSERT INTO child VALUES (1, 7)",
            "5: FOREIGN KEY constraint failed",
        ),
        // The check may use a column that was not granted, such as `secret` here. So only its kind is told.
        (
            "INSERT INTO t VALUES (3, 'bad', 1)",
            "5: CHECK constraint failed",
        ),
        (
            "INSERT INTO t VALUES (3, replace(hex(zeroblob(600000)), '0', 'ab'), 1)",
            "7: a value or a row has more than 1048576 bytes",
        ),
    ] {
        assert_eq!(told(run.execute(sql)), expected, "{sql}");
    }
    // In SQLite, `OR FAIL` keeps the earlier changes of a statement. Here it does not.
    assert_eq!(
        told(run.execute("INSERT OR FAIL INTO t VALUES (3, 'a', 1), (1, 'a', 2)")),
        "5: UNIQUE constraint failed: t.id"
    );
    assert_eq!(rows(&run.query("SELECT count(*) FROM t").unwrap()), "2");
}

#[test]
fn time_and_randomness_are_the_runs_own() {
    let store = store(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP); CREATE VIEW v AS SELECT random() AS r",
    );
    let sql = "SELECT datetime('now'), date(), time('now', '+1 hour'), CURRENT_TIMESTAMP, CURRENT_DATE, unixepoch('subsec'), \
               strftime('%s', 'now'), random(), hex(randomblob(4)), (SELECT r FROM v)";
    let answer = |seed| {
        let conditions = Conditions {
            seed,
            now_ms: Some(1_735_689_600_250),
            ..CONDITIONS
        };
        let mut run = store.run(
            grants(&["*"], &["t"]),
            conditions,
            Box::new(fractalaw_sqlite::Unlimited::default()),
        );
        run.execute("INSERT INTO t (id) VALUES (1)").unwrap();
        assert_eq!(
            rows(&run.query("SELECT at FROM t").unwrap()),
            "2025-01-01 00:00:00"
        );
        rows(&run.query(sql).unwrap())
    };
    let times = "2025-01-01 00:00:00 2025-01-01 01:00:00 2025-01-01 00:00:00 2025-01-01 1735689600.25 1735689600";
    let first = answer(7);
    assert!(first.starts_with(times), "{first}");
    assert_eq!(first, answer(7));
    assert_ne!(first, answer(8));
    let mut run = run(&store, &["t"], &[]);
    // A guest cannot learn the machine's time zone.
    assert_eq!(
        told(run.query("SELECT datetime('now', 'localtime')")),
        "4: local time unavailable"
    );
}

/// A connection that another run has used tells nothing about that run, and costs the same.
#[test]
fn a_used_connection_is_like_a_new_one() {
    let store = store(SET_UP);
    let mut told_before = None;
    for _ in 0..3 {
        let mut run = run(&store, &["t"], &["t"]);
        let said = rows(
            &run.query("SELECT last_insert_rowid(), count(*), sum(length(name)) FROM t")
                .unwrap(),
        );
        assert_eq!(said, "0 2 6");
        run.execute("INSERT INTO t (id, n) VALUES (77, 77)")
            .unwrap();
        run.query("SELECT hex(zeroblob(100000)) || name FROM t ORDER BY 1")
            .unwrap();
        let used = run.used();
        assert_eq!(*told_before.get_or_insert(used), used);
    }
}
