//! What a run did takes effect when it is settled, and is reported row by row.

use std::path::Path;
use std::sync::mpsc::channel;

use fractalaw_sqlite::{Key, RowChange, Run, Store, StoreError, TableChanges, Value, Verdict};
use rusqlite::Connection;

use crate::tables::{copied, rows, run, store, told};

const SET_UP: &str = "
CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE p (a TEXT, b INTEGER, note TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID;
CREATE TABLE g (x INTEGER, double INTEGER AS (x * 2), stored INTEGER AS (x * 3) STORED, y TEXT);
CREATE TABLE child (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t(id) ON DELETE CASCADE);
CREATE VIRTUAL TABLE docs USING fts5(title, body);
INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO p VALUES ('x', 1, 'n');
INSERT INTO g (x, y) VALUES (5, 'five');
INSERT INTO child VALUES (10, 3);
INSERT INTO docs VALUES ('first', 'words');
";

/// The changes as lines: `table key before -> after`.
pub(crate) fn lines(changes: &[TableChanges]) -> Vec<String> {
    let value = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Blob(blob) => format!("{blob:02x?}"),
    };
    let row = |row: &Option<Box<[Value]>>| {
        row.as_ref().map_or("nothing".to_owned(), |row| {
            row.iter().map(value).collect::<Vec<_>>().join(",")
        })
    };
    let line = |table: &TableChanges, change: &RowChange| {
        let key = match &change.key {
            Key::Rowid(rowid) => rowid.to_string(),
            Key::Columns(values) => values.iter().map(value).collect::<Vec<_>>().join(","),
        };
        format!(
            "{} {key}: {} -> {}",
            table.table,
            row(&change.before),
            row(&change.after)
        )
    };
    changes
        .iter()
        .flat_map(|table| table.rows.iter().map(move |row| line(table, row)))
        .collect()
}

#[test]
fn what_a_run_changed_is_told_in_the_order_of_keys() {
    let store = store(SET_UP);
    let mut run = run(&store, &["*"], &["*"]);
    for sql in [
        "INSERT INTO t VALUES (9, 'nine'), (8, 'eight')",
        "UPDATE t SET name = 'uno' WHERE id = 1",
        // A row is inserted and deleted, another is deleted and inserted again, and a third is changed and
        // changed back.
        "INSERT INTO t VALUES (7, 'seven')",
        "DELETE FROM t WHERE id = 7",
        "UPDATE t SET name = 'zwei' WHERE id = 2",
        "UPDATE t SET name = 'two' WHERE id = 2",
        // This removes a row with another key, and the rows that refer to it.
        "DELETE FROM t WHERE id = 3",
        "REPLACE INTO t VALUES (5, 'eight')",
        "UPDATE p SET a = 'y', note = 'm'",
        "UPDATE g SET x = 6",
        "INSERT INTO docs VALUES ('second', 'more words')",
        "UPDATE docs SET body = 'other words' WHERE title = 'first'",
    ] {
        run.execute(sql).unwrap();
    }
    // This fails and leaves nothing.
    assert!(
        run.execute("INSERT INTO t VALUES (70, 'seventy'), (1, 'one')")
            .is_err()
    );
    let prepared = run.prepare(Some("run")).unwrap();
    let expected = [
        "child 10: 10,3 -> nothing",
        "docs 1: first,words -> first,other words",
        "docs 2: nothing -> second,more words",
        "g 1: 5,five -> 6,five",
        "p 1,x: x,1,n -> nothing",
        "p 1,y: nothing -> y,1,m",
        "t 1: 1,one -> 1,uno",
        "t 3: 3,three -> nothing",
        "t 5: nothing -> 5,eight",
        "t 9: nothing -> 9,nine",
    ];
    assert_eq!(lines(prepared.changes()), expected);
    assert_eq!(prepared.changes()[2].columns, ["x", "y"]);
    assert_eq!(lines(&prepared.settle(true).unwrap()), expected);
    let mut after = crate::tables::run(&store, &["t"], &[]);
    assert_eq!(
        rows(&after.query("SELECT id FROM t ORDER BY id").unwrap()),
        "1\n2\n5\n9"
    );
}

/// What identifies a row for people is its primary key. An integer key that is declared `DESC` is not the rowid, and a key that
/// is null is none.
#[test]
fn rows_are_told_by_their_primary_keys_and_done_again_by_their_rowids() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.db");
    let set_up = "
        CREATE TABLE s (name TEXT PRIMARY KEY, n INTEGER);
        CREATE TABLE d (id INTEGER PRIMARY KEY DESC, n INTEGER);
        INSERT INTO s VALUES ('zeta', 1), ('eta', 2), (NULL, 3), ('beta', 4);
        INSERT INTO d VALUES (70, 1), (80, 2);
    ";
    Connection::open(&path)
        .unwrap()
        .execute_batch(set_up)
        .unwrap();
    let store = Store::open(&path, |_| Verdict::Unknown).unwrap();
    let mut run = run(&store, &["*"], &["*"]);
    for sql in [
        "UPDATE s SET n = n + 10",
        "UPDATE s SET name = 'alpha' WHERE name = 'zeta'",
        "DELETE FROM s WHERE name = 'beta'",
        "UPDATE d SET n = 9 WHERE id = 80",
        "INSERT INTO d VALUES (5, 5)",
    ] {
        run.execute(sql).unwrap();
    }
    let prepared = run.prepare(Some("run 7")).unwrap();
    let told = [
        "d 5: nothing -> 5,5",
        "d 80: 80,2 -> 80,9",
        "s 3: -,3 -> -,13",
        "s beta: beta,4 -> nothing",
        "s eta: eta,2 -> eta,12",
        "s zeta: zeta,1 -> alpha,11",
    ];
    assert_eq!(lines(prepared.changes()), told);
    let copy = copied(folder.path());
    drop(prepared);
    let path = copy.path().join("data.db");
    drop(Store::open(&path, |_| Verdict::Completed).unwrap());
    let sql = "SELECT (SELECT group_concat(rowid || ifnull(name, '-') || n) FROM (SELECT rowid, * FROM s ORDER BY rowid)) \
               || ' ' || (SELECT group_concat(rowid || '=' || id || '=' || n) FROM (SELECT rowid, * FROM d ORDER BY rowid))";
    let connection = Connection::open(&path).unwrap();
    let state: String = connection.query_row(sql, (), |row| row.get(0)).unwrap();
    assert_eq!(state, "1alpha11,2eta12,3-13 1=70=1,2=80=9,3=5=5");
}

#[test]
fn a_run_that_did_not_complete_leaves_nothing() {
    let store = store(SET_UP);
    let count = || {
        let mut run = run(&store, &["t"], &[]);
        rows(&run.query("SELECT count(*) FROM t").unwrap())
    };
    let begin = || {
        let mut run = run(&store, &["t"], &["t"]);
        run.execute("INSERT INTO t VALUES (9, 'nine')").unwrap();
        run
    };
    drop(begin());
    assert_eq!(count(), "3");
    drop(begin().prepare(Some("run")).unwrap());
    assert_eq!(count(), "3");
    assert_eq!(
        lines(&begin().prepare(Some("run")).unwrap().settle(false).unwrap()),
        ["t 9: nothing -> 9,nine"]
    );
    assert_eq!(count(), "3");
    begin().prepare(Some("run")).unwrap().settle(true).unwrap();
    assert_eq!(count(), "4");
}

/// Each run sees what was there when it first read, whatever is committed meanwhile. Nobody waits for a reader.
#[test]
fn a_run_sees_one_state_of_what_others_do() {
    let store = store(SET_UP);
    let mut reader = run(&store, &["t"], &[]);
    let count = |run: &mut Run| rows(&run.query("SELECT count(*) FROM t").unwrap());
    assert_eq!(count(&mut reader), "3");
    let mut writer = run(&store, &["t"], &["t"]);
    writer.execute("INSERT INTO t VALUES (9, 'nine')").unwrap();
    let mut second = run(&store, &["t"], &[]);
    assert_eq!(
        (count(&mut writer), count(&mut second)),
        ("4".to_owned(), "3".to_owned())
    );
    let prepared = writer.prepare(Some("run")).unwrap();
    assert_eq!(count(&mut run(&store, &["t"], &[])), "3");
    prepared.settle(true).unwrap();
    assert_eq!(
        (count(&mut reader), count(&mut second)),
        ("3".to_owned(), "3".to_owned())
    );
    assert_eq!(count(&mut run(&store, &["t"], &[])), "4");
}

#[test]
fn tables_that_somebody_changes_are_known_to_the_next_run() {
    let store = store(SET_UP);
    let mut before = run(&store, &["*"], &["*"]);
    before.query("SELECT * FROM t").unwrap();
    drop(before);
    Connection::open(store.path())
        .unwrap()
        .execute_batch("ALTER TABLE t ADD COLUMN more TEXT; CREATE TABLE u (v); DROP TABLE p")
        .unwrap();
    let mut run = run(&store, &["*"], &["*"]);
    assert_eq!(run.execute("INSERT INTO t VALUES (9, 'nine', 'm')"), Ok(1));
    assert_eq!(run.execute("INSERT INTO u VALUES (1)"), Ok(1));
    assert_eq!(told(run.query("SELECT * FROM p")), "3: no such table: `p`");
    assert_eq!(
        lines(run.prepare(Some("run")).unwrap().changes()),
        ["t 9: nothing -> 9,nine,m", "u 1: nothing -> 1"]
    );
}

fn in_a_file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(SET_UP)
        .unwrap();
    (folder, path)
}

/// A copy of the files of a database whose process ended after a run was prepared.
pub(crate) fn left_prepared() -> (tempfile::TempDir, std::path::PathBuf) {
    let (folder, path) = in_a_file();
    let store = Store::open(&path, |_| Verdict::Unknown).unwrap();
    let mut run = run(&store, &["*"], &["*"]);
    for sql in [
        "INSERT INTO t VALUES (9, 'nine')",
        "DELETE FROM t WHERE id = 3",
        "INSERT INTO docs VALUES ('second', 'words')",
        "UPDATE p SET note = x'00'",
    ] {
        run.execute(sql).unwrap();
    }
    let prepared = run.prepare(Some("run 7")).unwrap();
    let copy = copied(folder.path());
    drop(prepared);
    let path = copy.path().join("data.db");
    (copy, path)
}

pub(crate) fn state(path: &Path) -> String {
    let connection = Connection::open(path).unwrap();
    let sql = "SELECT (SELECT group_concat(id) FROM t) || ' ' || (SELECT count(*) FROM child) || ' ' || \
               (SELECT quote(note) FROM p) || ' ' || (SELECT count(*) FROM docs WHERE docs MATCH 'words')";
    connection.query_row(sql, (), |row| row.get(0)).unwrap()
}

pub(crate) const BEFORE: &str = "1,2,3 1 'n' 1";
pub(crate) const AFTER: &str = "1,2,9 0 X'00' 2";

#[test]
fn the_next_start_settles_what_a_crash_left() {
    for (verdict, expected) in [(Verdict::Completed, AFTER), (Verdict::NotCompleted, BEFORE)] {
        let (_folder, path) = left_prepared();
        assert_eq!(state(&path), BEFORE);
        let (ask, asked) = channel();
        let store = Store::open(&path, move |run| {
            ask.send(run.to_owned()).unwrap();
            verdict
        })
        .unwrap();
        assert_eq!(asked.try_iter().collect::<Vec<_>>(), ["run 7"]);
        drop(store);
        assert_eq!(state(&path), expected, "{verdict:?}");
        // The run is settled only once.
        drop(Store::open(&path, |_| panic!("asked again")).unwrap());
        assert_eq!(state(&path), expected);
    }
}

#[test]
fn a_run_that_was_committed_when_the_crash_came_is_not_done_again() {
    let (_folder, path) = left_prepared();
    let record = path.with_file_name("data.db-pending");
    let kept = std::fs::read(&record).unwrap();
    drop(Store::open(&path, |_| Verdict::Completed).unwrap());
    std::fs::write(&record, &kept).unwrap();
    drop(Store::open(&path, |_| Verdict::Completed).unwrap());
    assert_eq!(state(&path), AFTER);
    assert_eq!(std::fs::metadata(&record).unwrap().len(), 0);
}

#[test]
fn a_record_that_is_torn_is_of_no_run() {
    let (_folder, path) = left_prepared();
    let record = path.with_file_name("data.db-pending");
    let whole = std::fs::read(&record).unwrap();
    for length in [1, 40, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&record, &whole[..length]).unwrap();
        drop(Store::open(&path, |_| panic!("asked about a torn record")).unwrap());
        assert_eq!(state(&path), BEFORE, "{length}");
    }
}

#[test]
fn a_person_decides_where_rows_are_neither_as_before_nor_as_after() {
    let (_folder, path) = left_prepared();
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE t SET name = 'drei' WHERE id = 3", ())
        .unwrap();
    let Err(StoreError::Diverged { table, run, .. }) =
        Store::open(&path, |_| Verdict::Completed).map(|_| ())
    else {
        panic!("opened")
    };
    assert_eq!((table.as_str(), run.as_str()), ("t", "run 7"));
}
