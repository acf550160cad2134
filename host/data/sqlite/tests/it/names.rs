//! Tables and columns with unusual names: what a run changed is told, and done again after a crash.

use std::path::Path;

use fractalaw_sqlite::{Store, Value, Verdict};
use rusqlite::Connection;

use crate::tables::{copied, rows, run, store, told};

const SET_UP: &str = r#"
CREATE TABLE "a ""b"" c" ("x""y" TEXT PRIMARY KEY, "select" INTEGER, "a.b" TEXT, "q]r" TEXT DEFAULT '"');
CREATE TABLE "order" ("" TEXT, "ünïcode" TEXT, "'" TEXT, PRIMARY KEY ("", "'")) WITHOUT ROWID;
CREATE TABLE "rowid" (rowid INTEGER, "_rowid_" TEXT, kept TEXT);
CREATE TABLE hides (rowid TEXT, _rowid_ TEXT, oid TEXT);
CREATE TABLE strict (id INTEGER PRIMARY KEY, "when" TEXT, twice INTEGER AS (id * 2) STORED, lower TEXT AS (lower("when"))) STRICT;
CREATE INDEX "i ""x" ON "a ""b"" c" ("select");
CREATE VIEW "v ""w" AS SELECT "x""y" AS "z""" FROM "a ""b"" c";
CREATE TRIGGER "t ""u" AFTER DELETE ON "a ""b"" c" BEGIN INSERT INTO "order" VALUES (old."x""y", 'gone', ''); END;
INSERT INTO "a ""b"" c" VALUES ('one', 1, 'p', 'q'), ('two', 2, 'p', 'q');
INSERT INTO "rowid" VALUES (7, 'u', 'k');
INSERT INTO hides VALUES ('a', 'b', 'c');
"#;

const CHANGES: [&str; 6] = [
    r#"UPDATE "a ""b"" c" SET "select" = 10, "a.b" = '"' WHERE "x""y" = 'one'"#,
    r#"DELETE FROM "a ""b"" c" WHERE "x""y" = 'two'"#,
    r#"INSERT INTO "a ""b"" c" ("x""y") VALUES ('''"')"#,
    r#"INSERT INTO "order" VALUES ('', 'é', '''')"#,
    r#"UPDATE "rowid" SET kept = 'l'"#,
    r#"INSERT INTO strict ("when") VALUES ('NOW')"#,
];

const STATE: &str = r#"SELECT
    (SELECT group_concat("x""y" || ifnull("select", '-') || ifnull("a.b", '-') || "q]r", ' ')
     FROM (SELECT * FROM "a ""b"" c" ORDER BY 1 DESC))
    || ' / ' || ifnull((SELECT group_concat("" || "ünïcode" || "'", ' ') FROM (SELECT * FROM "order" ORDER BY 1)), '')
    || ' / ' || (SELECT kept FROM "rowid")
    || ' / ' || ifnull((SELECT id || "when" || twice || lower FROM strict), '') AS state"#;

const AFTER: &str = r#"one10"q '"--" / é' twogone / l / 1NOW2now"#;

#[test]
fn changes_are_told_with_the_names_as_they_are() {
    let store = store(SET_UP);
    let mut run = run(&store, &["*"], &["*"]);
    for sql in CHANGES {
        assert_eq!(told(run.execute(sql)), "ok: 1", "{sql}");
    }
    assert_eq!(rows(&run.query(STATE).unwrap()), AFTER);
    let view = r#"SELECT "z""" FROM "v ""w" ORDER BY 1"#;
    assert_eq!(rows(&run.query(view).unwrap()), "'\"\none");
    let hides = told(run.execute("UPDATE hides SET oid = 'd'"));
    assert_eq!(hides, "2: `hides` may be read, but not changed");
    let prepared = run.prepare(None).unwrap();
    let tables: Vec<_> = prepared
        .changes()
        .iter()
        .map(|table| (&*table.table, table.columns.join(" "), table.rows.len()))
        .collect();
    // The row that was inserted has the rowid of the one that was deleted.
    assert_eq!(
        tables,
        [
            ("a \"b\" c", "x\"y select a.b q]r".to_owned(), 2),
            ("order", " ünïcode '".to_owned(), 2),
            ("rowid", "rowid _rowid_ kept".to_owned(), 1),
            ("strict", "id when".to_owned(), 1),
        ]
    );
    let row = &prepared.changes()[3].rows[0];
    let expected = [Value::Integer(1), Value::Text(b"NOW"[..].into())];
    assert_eq!(row.after.as_deref(), Some(&expected[..]));
}

fn state(path: &Path) -> String {
    let connection = Connection::open(path).unwrap();
    connection.query_row(STATE, (), |row| row.get(0)).unwrap()
}

#[test]
fn changes_are_done_again_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(SET_UP)
        .unwrap();
    let store = Store::open(&path, |_| Verdict::Unknown).unwrap();
    let mut run = run(&store, &["*"], &["*"]);
    for sql in CHANGES {
        run.execute(sql).unwrap();
    }
    let prepared = run.prepare(Some("run")).unwrap();
    let copy = copied(folder.path());
    drop(prepared);
    let path = copy.path().join("data.db");
    assert_ne!(state(&path), AFTER);
    drop(Store::open(&path, |_| Verdict::Completed).unwrap());
    assert_eq!(state(&path), AFTER);
}

/// A default that is a name is text for SQLite, and a type may be any text in quotes. Neither keeps guests from a
/// database.
#[test]
fn unusual_defaults_and_types_are_taken_as_sqlite_takes_them() {
    for (column, expected) in [
        (r#"a TEXT DEFAULT "open""#, "open"),
        ("a TEXT DEFAULT open", "open"),
        ("a TEXT DEFAULT [left open]", "left open"),
        ("a TEXT DEFAULT `o``n`", "o`n"),
        ("a INT DEFAULT (1 + 2 -- three\n)", "3"),
        ("a INT DEFAULT -5", "-5"),
        ("a TEXT DEFAULT ('it''s')", "it's"),
        ("a INT DEFAULT true", "1"),
        ("a TEXT DEFAULT null", "-"),
        (r#"a "check" DEFAULT 1"#, "1"),
        (r#"a "PRIMARY KEY" DEFAULT 1"#, "1"),
        (r#"a "NOT NULL" DEFAULT 1"#, "1"),
        (r#"a "x), b (y" DEFAULT 1"#, "1"),
        (r#"a [a, b] DEFAULT 1"#, "1"),
        (r#"a `c"d -- e` DEFAULT 1"#, "1"),
        ("a VARCHAR(10, 2) DEFAULT 'x'", "x"),
        ("a UNSIGNED BIG INT DEFAULT 1", "1"),
    ] {
        let store = store(&format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, {column})"
        ));
        let mut run = run(&store, &["*"], &["*"]);
        assert_eq!(
            told(run.execute("INSERT INTO t (id) VALUES (1)")),
            "ok: 1",
            "{column}"
        );
        let stream = run.query("SELECT a FROM t").unwrap();
        assert_eq!(rows(&stream), expected, "{column}");
        let seen = run
            .query("SELECT count(*) FROM pragma_table_info('t')")
            .unwrap();
        assert_eq!(rows(&seen), "2", "{column}");
    }
}

/// SQLite stops reading at a zero byte. What is behind it must not be dropped without a word.
#[test]
fn a_statement_does_not_end_at_a_zero_byte() {
    let store = store("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)");
    let mut run = run(&store, &["*"], &["*"]);
    let expected = "1: expected one statement, and there is none, or more than one\nhint: make one call for each";
    for sql in [
        "DELETE FROM t\0 WHERE a = 1",
        "\0DELETE FROM t",
        "DELETE FROM t;\0;",
        "\0",
    ] {
        assert_eq!(told(run.execute(sql)), expected, "{sql:?}");
    }
    assert_eq!(run.execute("DELETE FROM t WHERE a = 1\0"), Ok(1));
}
