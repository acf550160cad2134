//! Statements, values and results that are too large.

use crate::tables::{run, store, told};

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
