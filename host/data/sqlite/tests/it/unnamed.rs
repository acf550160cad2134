//! What SQLite does not ask about: rows and columns that a statement reaches without naming them.

use crate::tables::{rows, run, store, told};

const SET_UP: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, salary INTEGER);
CREATE TABLE orders (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id));
CREATE TABLE plain (id INTEGER PRIMARY KEY, word TEXT);
CREATE VIEW names AS SELECT name FROM people;
INSERT INTO people VALUES (1, 'ann', 100), (2, 'bob', 200);
INSERT INTO plain VALUES (1, 'plain');
";

const READ: &[&str] = &["people.id", "people.name", "names", "plain", "orders"];
const WRITE: &[&str] = &["people.name", "orders", "plain"];

/// SQLite does not ask before `REPLACE` deletes the row that is in the way. Deleting needs the whole table.
#[test]
fn replacing_deletes_no_row_of_a_table_of_which_columns_were_granted() {
    for table in [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, other TEXT)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE ON CONFLICT REPLACE, other TEXT)",
        "CREATE TABLE t (id TEXT, name TEXT PRIMARY KEY, other TEXT) WITHOUT ROWID",
        "CREATE TABLE t (name INTEGER PRIMARY KEY, id TEXT, other TEXT)",
    ] {
        let store = store(&format!(
            "{table}; INSERT INTO t (id, name, other) VALUES (1, 10, 'x'), (2, 20, 'y')"
        ));
        let mut part = run(&store, &["t.id", "t.name"], &["t.name"]);
        assert_eq!(
            told(part.execute("UPDATE OR REPLACE t SET name = 20 WHERE id = 1")),
            "2: `REPLACE` would delete a row of `t`, and only columns of it may be changed\nhint: first change the row \
             that is in the way",
            "{table}"
        );
        // The failed call changed nothing, and a change without a row in the way is made.
        assert_eq!(
            part.execute("UPDATE OR REPLACE t SET name = 30 WHERE id = 1"),
            Ok(1)
        );
        let stream = part.query("SELECT id, name FROM t ORDER BY id").unwrap();
        assert_eq!(rows(&stream), "1 30\n2 20", "{table}");
        drop(part);
        let mut whole = run(&store, &["t"], &["t"]);
        assert_eq!(
            whole.execute("UPDATE OR REPLACE t SET name = 20 WHERE id = 1"),
            Ok(1)
        );
        assert_eq!(
            rows(&whole.query("SELECT id, name FROM t").unwrap()),
            "1 20",
            "{table}"
        );
    }
}

/// SQLite does not ask about the columns that `NATURAL` and `USING` compare, so a column that was not granted could
/// be found out with them.
#[test]
fn joins_that_name_no_columns_read_none_that_was_not_granted() {
    let store = store(SET_UP);
    let mut run = run(&store, READ, WRITE);
    let denied = |table: &str| {
        format!(
            "2: `NATURAL` and `USING` are not for `{table}`, of which not all columns may be read\nhint: join with `ON`, \
             which names the columns"
        )
    };
    for sql in [
        "SELECT c.salary, name FROM (SELECT 100 AS salary UNION SELECT 200) c NATURAL JOIN people",
        "SELECT count(*) FROM people NATURAL JOIN (SELECT 100 AS salary)",
        "SELECT count(*) FROM People, (SELECT 1 AS salary) JOIN (SELECT 100 AS salary) USING (salary)",
        "SELECT count(*) FROM \"people\"/**/natural/**/JOIN (SELECT 100 AS salary)",
        "SELECT count(*) FROM people \u{feff}NATURAL JOIN (SELECT 100 AS salary)",
        "SELECT count(*) FROM people \x0b\u{feff}\u{feff}NATURAL \u{feff}JOIN (SELECT 100 AS salary)",
        "WITH n(salary) AS (SELECT 1 UNION ALL SELECT salary + 1 FROM n LIMIT 300) SELECT max(salary) FROM n \u{feff}NATURAL JOIN people",
        "SELECT count(*) FROM people, (SELECT 1 AS salary) JOIN (SELECT 100 AS salary)\u{feff}USING \u{feff}(salary)",
        "SELECT count(*) FROM (SELECT 1 AS a) JOIN people ON a=1.5e0 OR 1 NATURAL JOIN (SELECT 100 AS salary)",
        "WITH c AS (SELECT * FROM (SELECT 100 AS salary) NATURAL JOIN people) SELECT count(*) FROM c",
    ] {
        assert_eq!(told(run.query(sql)), denied("people"), "{sql}");
    }
    let sql = "UPDATE people SET name = 'x' FROM (SELECT 1 AS salary) JOIN (SELECT 100 AS salary) USING (salary)";
    assert_eq!(told(run.execute(sql)), denied("people"));
    for sql in [
        "SELECT word, person FROM plain NATURAL LEFT JOIN orders",
        "SELECT word, name FROM plain JOIN (SELECT id, name FROM names, plain LIMIT 1) USING (id)",
        "SELECT 'natural' FROM people WHERE name <> 'using' LIMIT 1",
    ] {
        assert!(run.query(sql).is_ok(), "{sql}: {}", told(run.query(sql)));
    }
}
