//! Statements, values and results that are too large.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fractalaw_sqlite::{Amount, Budget, Quota, Row, Stop, Value};

use crate::tables::{rows, run, store, told};

/// Whatever is too large has one code, and the message names the limit.
#[test]
fn what_is_too_large_has_one_code() {
    let mut set_up = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'one'), (2, 'two');".to_owned();
    for level in 0..33 {
        let next = level + 1;
        set_up += &format!(
            "CREATE TABLE level{level} (x);
             CREATE TRIGGER fires{level} AFTER INSERT ON level{level} BEGIN INSERT INTO level{next} VALUES (1); END;"
        );
    }
    set_up +=
        "CREATE TABLE level33 (x); CREATE VIEW v AS SELECT a.id FROM t a JOIN main.t b USING (id)";
    let store = store(&set_up);
    let mut run = run(&store, &["*"], &["*"]);
    let many = |one: &str, times: usize, between: &str| vec![one; times].join(between);
    let value = "a value or a row has more than 1048576 bytes";
    let pattern = "a pattern of `LIKE` or `GLOB` has more than 256 bytes";
    let complex = "the statement is too complex: it takes more than 43008 instructions of SQLite or 67108864 bytes\n\
                   hint: make several statements of it, or use `insert` for many rows";
    for (sql, expected) in [
        (
            format!("SELECT '{}'", "x".repeat(65_528)),
            "a statement of 65537 bytes, expected at most 65536\nhint: use `insert` for many rows",
        ),
        ("SELECT randomblob(1e9)".to_owned(), value),
        ("SELECT zeroblob(1e9)".to_owned(), value),
        ("SELECT printf('%.*c', 1000000000, 'x')".to_owned(), value),
        ("SELECT printf('%2000000d', 1)".to_owned(), value),
        (
            "SELECT replace(hex(zeroblob(300000)), '0', 'abc')".to_owned(),
            value,
        ),
        ("SELECT hex(zeroblob(600000))".to_owned(), value),
        (
            "SELECT group_concat(hex(zeroblob(300000))) FROM t".to_owned(),
            value,
        ),
        (
            "SELECT json_group_array(hex(zeroblob(300000))) FROM t".to_owned(),
            value,
        ),
        (
            "SELECT zeroblob(600000) || zeroblob(600000)".to_owned(),
            value,
        ),
        (
            "SELECT name LIKE hex(zeroblob(129)) FROM t".to_owned(),
            pattern,
        ),
        (
            "SELECT name GLOB hex(zeroblob(129)) FROM t".to_owned(),
            pattern,
        ),
        (format!("SELECT 1 IN ({})", many("1", 20_000, ",")), complex),
        (
            format!("SELECT {}", many("1", 501, ",")),
            "too many columns in result set",
        ),
        (
            many("SELECT 1", 101, " UNION ALL "),
            "too many terms in compound SELECT",
        ),
        (
            format!("SELECT {}", many("1", 201, "+")),
            "Expression tree is too large (maximum depth 200)",
        ),
        (
            format!("SELECT max({})", many("1", 101, ",")),
            "too many arguments on function max",
        ),
        (
            format!("SELECT 1 FROM {}", many("t", 33, ",")),
            "a join of 33 tables, expected at most 32\n\
             hint: make several statements of it; each view counts with the tables that it joins",
        ),
        (
            format!(
                "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM v, {})",
                many("v", 15, ",")
            ),
            "a join of 33 tables, expected at most 32\n\
             hint: make several statements of it; each view counts with the tables that it joins",
        ),
        (
            format!(
                "SELECT {} FROM t",
                (0..33)
                    .map(|i| format!("sum(id) OVER (ORDER BY id + {i})"))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            "33 different windows in one `SELECT`, expected at most 32\n\
             hint: make several statements of it, or use one window for several functions",
        ),
    ] {
        assert_eq!(
            told(run.query(&sql).map(drop)),
            format!("7: {expected}"),
            "{}",
            &sql[..sql.len().min(60)]
        );
    }
    for (sql, expected) in [
        ("UPDATE t SET name = randomblob(1e9)", value),
        ("UPDATE t SET name = zeroblob(1048576)", value),
        (
            "INSERT INTO level0 VALUES (1)",
            "triggers fire each other more than 32 deep",
        ),
    ] {
        assert_eq!(told(run.execute(sql)), format!("7: {expected}"), "{sql}");
    }
    // One less is none.
    run.execute("INSERT INTO level1 VALUES (1)").unwrap();
    for sql in [
        format!("SELECT '{}'", "x".repeat(65_527)),
        "SELECT randomblob(1048576)".to_owned(),
        "SELECT name LIKE hex(zeroblob(128)) FROM t".to_owned(),
        format!("SELECT {}", many("1", 500, ",")),
        format!("SELECT 1 FROM {} LIMIT 1", many("t", 32, ",")),
        format!("SELECT 1 FROM {} LIMIT 1", many("v", 16, ",")),
        format!(
            "SELECT {} FROM t",
            (0..64)
                .map(|i| format!("sum(id) OVER (ORDER BY id + {})", i % 32))
                .collect::<Vec<_>>()
                .join(",")
        ),
    ] {
        run.query(&sql).unwrap();
    }
}

/// Counts the bytes of statements and results.
struct Counted(Arc<AtomicU64>);

impl Budget for Counted {
    fn spend(&mut self, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn count(&mut self, quota: Quota, amount: u64) -> Result<(), Stop> {
        if quota == Quota::Bytes {
            self.0.fetch_add(amount, Ordering::Relaxed);
        }
        Ok(())
    }

    fn affords(&self, _: &Amount) -> bool {
        true
    }

    fn look(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

/// Arrow keeps as much for a null as for a number, and as much for a vector that is null as for any other. All of it counts, also in
/// a row that is too much, and also if the type of the column is known only later.
#[test]
fn a_result_counts_what_the_host_holds_of_it_nulls_too() {
    let large = 1_048_000;
    let store = store(&format!(
        "CREATE TABLE n (id INTEGER PRIMARY KEY);
         WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 40000) INSERT INTO n SELECT i FROM c;
         CREATE TABLE empty (i INTEGER, r REAL, s TEXT, b BLOB, d DATE, v FLOAT[384]);
         CREATE TABLE large (x BLOB); INSERT INTO large VALUES (zeroblob({large}))"
    ));
    let most = 64 << 20;
    let from_empty = "FROM n LEFT JOIN empty ON 0";
    for (column, times, from, bytes) in [
        ("i", 500, from_empty, 8),
        ("r", 500, from_empty, 8),
        ("d", 500, from_empty, 8),
        ("s", 500, from_empty, 4),
        ("b", 500, from_empty, 4),
        ("v", 500, from_empty, 4 * 384),
        // The type is that of the last row.
        ("iif(id = 16777, id, NULL)", 500, "FROM n", 8),
        ("x", 1, "FROM n, large", large + 4),
        ("x", 64, "FROM n, large", large + 4),
    ] {
        let fits = most / (times * bytes);
        let columns = vec![column; times as usize].join(",");
        let sql = |rows: u64| format!("SELECT {columns} {from} LIMIT {rows}");
        let counted = Arc::new(AtomicU64::new(0));
        let begin = || {
            let grants = crate::tables::grants(&["*"], &[]);
            let budget = Box::new(Counted(Arc::clone(&counted)));
            store.run(grants, crate::tables::CONDITIONS, budget)
        };
        let too_many = sql(fits + 1);
        assert_eq!(
            told(begin().query(&too_many).map(drop)),
            "7: the result has more than 67108864 bytes\nhint: ask for fewer rows or columns at a time, with `LIMIT` and `WHERE`",
            "{column}"
        );
        let paid = counted.swap(0, Ordering::Relaxed) - too_many.len() as u64;
        assert!((most..=most + bytes).contains(&paid), "{column}: {paid}");
        let all = sql(fits);
        begin().query(&all).unwrap();
        let paid = counted.load(Ordering::Relaxed) - all.len() as u64;
        assert_eq!(paid, fits * times * bytes, "{column}");
    }
    // Nor does one row with as much keep the thread of the guest.
    let mut short = run(&store, &["*"], &[]);
    short.query("SELECT 1").unwrap();
    let before = short.used();
    let columns = vec!["v"; 500].join(",");
    let sql = format!("SELECT {columns} {from_empty} LIMIT 1");
    assert_eq!(short.query_if_short(&sql), None);
    assert_eq!(short.used(), before);
}

/// A result has at most 500 columns. A table can have more, and what a run does to one is known and takes effect.
#[test]
fn a_table_with_more_columns_than_a_result_can_be_changed() {
    let columns: Vec<String> = (0..2_000).map(|i| format!("c{i}")).collect();
    let store = store(&format!(
        "CREATE TABLE t ({}); INSERT INTO t (c0, c1999) VALUES (1, 'kept')",
        columns.join(", ")
    ));
    let mut writer = run(&store, &["*"], &["*"]);
    writer.execute("UPDATE t SET c1000 = 7").unwrap();
    let prepared = writer.prepare(Some("a run")).unwrap();
    let changed = &prepared.changes()[0];
    assert_eq!((changed.columns.len(), changed.rows.len()), (2_000, 1));
    let row = &changed.rows[0];
    let values = |row: &Option<Row>| {
        let row = row.as_ref().unwrap();
        [0, 1_000, 1_999].map(|at| row[at].clone())
    };
    let (one, kept) = (Value::Integer(1), Value::Text((*b"kept").into()));
    assert_eq!(
        values(&row.before),
        [one.clone(), Value::Null, kept.clone()]
    );
    assert_eq!(values(&row.after), [one, Value::Integer(7), kept]);
    prepared.settle(true).unwrap();
    let mut reader = run(&store, &["*"], &[]);
    let counted = reader.query("SELECT count(*) AS n FROM t WHERE c1000 = 7");
    assert_eq!(rows(&counted.unwrap()), "1");
    // The bound holds for the next statement of the same connection.
    let all = told(reader.query("SELECT * FROM t").map(drop));
    assert_eq!(all, "7: too many columns in result set");
}
