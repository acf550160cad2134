//! Keys of rows, and rows without keys: what a run changed is told, and done again after a crash.

use std::path::Path;

use fractalaw_sqlite::by_hand::Filling;
use fractalaw_sqlite::{Store, Verdict};
use rusqlite::Connection;

use crate::settle::lines;
use crate::tables::{copied, run, store};

/// Settles a run that made these changes to a database, after a crash between its closing and its commit. Returns what the run
/// changed, and the result of `select` afterwards.
fn settled_after_a_crash(set_up: &str, changes: &[&str], select: &str) -> (Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.db");
    let source = folder.path().join("set-up.sql");
    std::fs::write(&source, set_up).unwrap();
    let mut made = Filling::begin(&path).unwrap();
    made.import(&source, None).unwrap();
    made.finish().unwrap();
    let store = Store::open(&path, |_| Verdict::Unknown).unwrap();
    let mut run = run(&store, &["*"], &["*"]);
    for sql in changes {
        run.execute(sql).unwrap();
    }
    let prepared = run.prepare(Some("run")).unwrap();
    let told = lines(prepared.changes());
    let copy = copied(folder.path());
    prepared.settle(true).unwrap();
    let path = copy.path().join("data.db");
    drop(Store::open(&path, |_| Verdict::Completed).unwrap());
    let state = |path: &Path| -> String {
        let connection = Connection::open(path).unwrap();
        connection.query_row(select, (), |row| row.get(0)).unwrap()
    };
    let settled = state(&path);
    assert_eq!(settled, state(store.path()), "{changes:?}");
    (told, settled)
}

/// Keys can be equal for SQLite and have other bytes. Each is a key of its own.
#[test]
fn a_key_that_only_counts_as_equal_is_another_key() {
    for (key, changes, told, after) in [
        (
            "k TEXT COLLATE NOCASE",
            &["UPDATE t SET k = 'A' WHERE k = 'a'"][..],
            &["t A: nothing -> A,1", "t a: a,1 -> nothing"][..],
            "A1",
        ),
        (
            "k TEXT COLLATE NOCASE",
            &[
                "REPLACE INTO t VALUES ('A', 2)",
                "REPLACE INTO t VALUES ('a', 3)",
            ],
            &["t a: a,1 -> a,3"],
            "a3",
        ),
        (
            "k TEXT COLLATE RTRIM",
            &["INSERT OR REPLACE INTO t VALUES ('a ', 2)"],
            &["t a: a,1 -> nothing", "t a : nothing -> a ,2"],
            "a 2",
        ),
        (
            "k",
            &["UPDATE t SET k = 1", "UPDATE t SET k = 1.0"],
            &["t 1.0: nothing -> 1.0,1", "t a: a,1 -> nothing"],
            "1.01",
        ),
    ] {
        let set_up = format!(
            "CREATE TABLE t ({key} PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t VALUES ('a', 1)"
        );
        let found = settled_after_a_crash(&set_up, changes, "SELECT group_concat(k || v) FROM t");
        assert_eq!(
            found,
            (
                told.iter().map(ToString::to_string).collect(),
                after.to_owned()
            ),
            "{key} {changes:?}"
        );
    }
}

/// SQLite promises that an automatic key is never given twice, also if its row was deleted at once.
#[test]
fn an_automatic_key_stays_used_when_its_row_is_gone() {
    let set_up = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v); CREATE TABLE other (v)";
    let gone = ["INSERT INTO t (v) VALUES (1), (2)", "DELETE FROM t"];
    let last = "SELECT group_concat(name || seq) FROM sqlite_sequence";
    let found = settled_after_a_crash(set_up, &gone, last);
    assert_eq!(found, (Vec::new(), "t2".to_owned()));
    let and_another = [gone[0], gone[1], "INSERT INTO other VALUES (1)"];
    let found = settled_after_a_crash(set_up, &and_another, last);
    assert_eq!(
        found,
        (vec!["other 1: nothing -> 1".to_owned()], "t2".to_owned())
    );
}

/// An R-tree and a full-text table without content keep no rows as they are. What a run changes in them is told nevertheless.
#[test]
fn changes_of_a_virtual_table_without_rows_are_told_by_its_inner_tables() {
    let set_up = "CREATE VIRTUAL TABLE area USING rtree(id, x0, x1);
         CREATE VIRTUAL TABLE words USING fts5(body, content='', contentless_delete=1);
         CREATE VIRTUAL TABLE words_too USING fts5(body)";
    for (sql, tables) in [
        (
            "INSERT INTO area VALUES (1, 0, 1)",
            &["area_node", "area_rowid"][..],
        ),
        (
            "INSERT INTO words (rowid, body) VALUES (1, 'permit')",
            &["words_data", "words_docsize", "words_idx"],
        ),
        ("INSERT INTO words_too VALUES ('permit')", &["words_too"]),
    ] {
        let store = store(set_up);
        let mut run = run(&store, &["*"], &["*"]);
        run.execute(sql).unwrap();
        let prepared = run.prepare(None).unwrap();
        let changed = prepared.changes().iter().map(|table| &*table.table);
        assert_eq!(changed.collect::<Vec<_>>(), tables, "{sql}");
    }
}

/// People can use `cosine_distance` in what they make.
#[test]
fn a_record_is_settled_where_a_check_or_an_index_calls_the_hosts_function() {
    let set_up = "CREATE TABLE t (v BLOB CHECK (cosine_distance(v, v) < 1));
         CREATE INDEX near ON t (cosine_distance(v, x'0000803f'))";
    let sql = "INSERT INTO t VALUES (x'0000803f')";
    let found = settled_after_a_crash(set_up, &[sql], "SELECT hex(v) FROM t NOT INDEXED");
    let told = vec!["t 1: nothing -> [00, 00, 80, 3f]".to_owned()];
    assert_eq!(found, (told, "0000803F".to_owned()));
}
