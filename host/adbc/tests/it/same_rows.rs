//! The same statements give the same rows from every database.

use std::sync::Arc;

use fractalaw_sqlite::{Conditions, Grants, Store, Unlimited};

use crate::databases::{BOTH, Kind, run, told};
use crate::rows::{batches, rows, table};

const SET_UP: [&str; 4] = [
    "CREATE TABLE law (id BIGINT PRIMARY KEY, title TEXT NOT NULL, year BIGINT, weight DOUBLE PRECISION)",
    "INSERT INTO law VALUES (1, 'Water Act', 1991, 0.5), (2, 'Clean Air Act', 1993, 1.25), (3, 'Ünïcode', NULL, NULL)",
    "CREATE TABLE duty (law BIGINT, holder TEXT, text TEXT)",
    "INSERT INTO duty VALUES (1, 'operator', 'report'), (1, 'agency', 'inspect'), (2, 'operator', 'measure')",
];

const STATEMENTS: [(&str, &str); 12] = [
    (
        "SELECT * FROM law ORDER BY id",
        "1 Water Act 1991 0.5\n2 Clean Air Act 1993 1.25\n3 Ünïcode - -",
    ),
    ("SELECT id FROM law WHERE id > 9", ""),
    ("SELECT title FROM law WHERE year < 1992", "Water Act"),
    (
        "SELECT l.title, count(*) AS n FROM law l JOIN duty d ON d.law = l.id GROUP BY l.title ORDER BY n DESC, l.title",
        "Water Act 2\nClean Air Act 1",
    ),
    (
        "SELECT holder, text FROM duty WHERE text LIKE '%e%' ORDER BY holder, text",
        "agency inspect\noperator measure\noperator report",
    ),
    (
        "WITH old AS (SELECT id FROM law WHERE year < 1993) SELECT text FROM duty WHERE law IN (SELECT id FROM old) ORDER BY text",
        "inspect\nreport",
    ),
    ("SELECT sum(weight) AS w FROM law", "1.75"),
    ("SELECT max(year) - min(year) AS span FROM law", "2"),
    (
        "SELECT CASE WHEN year IS NULL THEN 'none' ELSE 'some' END AS y FROM law ORDER BY id",
        "some\nsome\nnone",
    ),
    (
        "SELECT upper(title) AS t FROM law WHERE id = 2",
        "CLEAN AIR ACT",
    ),
    (
        "SELECT id, row_number() OVER (ORDER BY id DESC) AS r FROM law ORDER BY id",
        "1 3\n2 2\n3 1",
    ),
    ("VALUES (1, 'a; b')", "1 a; b"),
];

#[test]
fn the_same_statements_give_the_same_rows() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        let mut run = run(&store);
        for (sql, expected) in STATEMENTS {
            let found = run.query(sql).map(|stream| rows(&stream));
            assert_eq!(told(found), format!("ok: {expected:?}"), "{kind:?} {sql}");
        }
    }
}

/// The engine in the host gives the same rows too, so a micro-app can move from it to another database.
#[test]
fn sqlite_in_the_host_gives_the_same_rows() {
    let store = Store::temporary(|connection| connection.execute_batch(&SET_UP.join(";"))).unwrap();
    let grants = Arc::new(Grants::new(&["law", "duty"], &[]).unwrap());
    let budget = Box::new(Unlimited::default());
    let mut run = store.run(grants, Conditions::default(), budget);
    for (sql, expected) in STATEMENTS {
        assert_eq!(rows(&run.query(sql).unwrap()), expected, "{sql}");
    }
}

#[test]
fn a_guest_sees_its_own_changes() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        let mut run = run(&store);
        for (sql, changed) in [
            ("INSERT INTO duty VALUES (3, 'a', 'b'), (3, 'c', 'd')", 2),
            ("UPDATE duty SET text = 'x' WHERE law = 3", 2),
            ("DELETE FROM duty WHERE law < 3", 3),
            ("DELETE FROM duty WHERE law < 3", 0),
        ] {
            assert_eq!(run.execute(sql), Ok(changed), "{kind:?} {sql}");
        }
        let left = run.query("SELECT * FROM duty ORDER BY holder").unwrap();
        assert_eq!(rows(&left), "3 a x\n3 c x", "{kind:?}");
        assert_eq!(run.used().rows_changed, 7);
    }
}

/// The same rows give the same bytes, however a database divides its work. An empty result is a schema without
/// batches.
#[test]
fn a_result_is_divided_into_batches_of_one_length() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        let mut run = run(&store);
        let many = run
            .query("WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 3000) SELECT a.n FROM x a, x b WHERE b.n <= 50")
            .unwrap();
        assert_eq!(batches(&many), [65_536, 65_536, 18_928], "{kind:?}");
        assert_eq!(run.used().rows_out, 150_000);
        let nothing = run.query("SELECT id FROM law WHERE id > 9").unwrap();
        assert_eq!(batches(&nothing), [0; 0], "{kind:?}");
        assert_eq!(table(&nothing), "id:Int64\n", "{kind:?}");
    }
}

/// SQL that only DuckDB has runs on DuckDB.
#[test]
fn duckdbs_own_sql_runs() {
    let Some(seeded) = Kind::Duckdb.seeded(&SET_UP) else {
        return;
    };
    let store = seeded.store();
    let mut run = run(&store);
    for (sql, expected) in [
        (
            "SELECT struct_pack(a := 1::BIGINT, b := 'x') AS s",
            "s:Struct(\"a\": Int64, \"b\": Utf8)\n{1,x}",
        ),
        (
            "SELECT to_json(struct_pack(id := id, title := title))::VARCHAR AS j FROM law WHERE id = 1",
            "j:Utf8\n{\"id\":1,\"title\":\"Water Act\"}",
        ),
        ("SELECT '42'::BIGINT AS n", "n:Int64\n42"),
        (
            "SELECT TIMESTAMPTZ '2025-01-01 00:00:00+00' AS t",
            "t:Timestamp(µs, \"UTC\")\n1735689600000000",
        ),
        ("SELECT DATE '2025-01-01' AS d", "d:Date32\n20089"),
        (
            "SELECT array_cosine_distance([3, 0]::DOUBLE[2], [0, 4]::DOUBLE[2]) AS d",
            "d:Float64\n1.0",
        ),
        (
            "SELECT 1.50::DECIMAL(10,2) AS d",
            "d:Decimal128(10, 2)\n1.50",
        ),
        (
            "SELECT list(id ORDER BY id) AS l FROM law",
            "l:List(Int64, field: 'l')\n[1,2,3]",
        ),
        (
            "FROM law SELECT title WHERE id = 1",
            "title:Utf8\nWater Act",
        ),
        ("SELECT $$it's; here$$ AS t", "t:Utf8\nit's; here"),
    ] {
        let found = run.query(sql).map(|stream| table(&stream));
        assert_eq!(told(found), format!("ok: {expected:?}"), "{sql}");
    }
}
