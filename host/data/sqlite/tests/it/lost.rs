//! SQLite itself can roll back a run. Then the run cannot complete, and says why.

use fractalaw_sqlite::{Code, Failure, StoreError};

use crate::tables::{rows, run, store, told};

const SET_UP: &str = "
CREATE TABLE kept (id INTEGER PRIMARY KEY);
CREATE TABLE once (id UNIQUE ON CONFLICT ROLLBACK);
INSERT INTO once VALUES (1);
CREATE TABLE closed (id);
CREATE TRIGGER no_row BEFORE INSERT ON closed BEGIN SELECT RAISE(ROLLBACK, 'it is closed'); END;
CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT, name);
INSERT INTO numbered VALUES (9223372036854775807, 'last');
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, name);
";

const LOST: &str = "the run cannot complete, because ";

#[test]
fn a_run_that_was_rolled_back_makes_no_more_calls_and_cannot_complete() {
    let conflict = "all that it did to data was rolled back: `OR ABORT` in the statement undoes the statement alone, instead of \
                    `OR ROLLBACK` there or `ON CONFLICT ROLLBACK` in the schema";
    let keys = "all that it did to data was rolled back: the table has given its largest automatic key, so give the row a key";
    for (sql, code, said, hint) in [
        (
            "INSERT OR ROLLBACK INTO kept VALUES (1)",
            Code::Constraint,
            "UNIQUE constraint failed: kept.id",
            conflict,
        ),
        (
            "INSERT INTO once VALUES (1)",
            Code::Constraint,
            "UNIQUE constraint failed: once.id",
            conflict,
        ),
        (
            "INSERT INTO closed VALUES (1)",
            Code::Constraint,
            "it is closed",
            "a trigger rolled back all that it did to data: `RAISE(ABORT)` in the trigger, instead of `RAISE(ROLLBACK)`, undoes the \
             statement alone",
        ),
        (
            "INSERT INTO numbered (name) VALUES ('one more')",
            Code::Engine,
            "database or disk is full",
            keys,
        ),
        (
            "INSERT INTO counted (name) VALUES ('one more')",
            Code::Engine,
            "database or disk is full",
            keys,
        ),
    ] {
        let store = store(SET_UP);
        let mut lost = run(&store, &["*"], &["*"]);
        assert_eq!(lost.execute("INSERT INTO kept VALUES (1)"), Ok(1));
        let largest = format!("INSERT INTO counted VALUES ({}, 'last')", i64::MAX);
        assert_eq!(lost.execute(&largest), Ok(1));
        let number = code as u32;
        assert_eq!(
            told(lost.execute(sql)),
            format!("{number}: {said}\nhint: {LOST}{hint}")
        );
        let again = format!(
            "{number}: an earlier call failed, and all that this run did to data was rolled back: {said}\nhint: {LOST}{hint}"
        );
        let short = lost.query_if_short("SELECT 1");
        assert_eq!(short, None);
        assert_eq!(told(lost.query("SELECT 1")), again);
        assert_eq!(told(lost.execute("DELETE FROM kept")), again);
        assert_eq!(told(lost.insert("kept", b"")), again);
        // The next writer need not wait for its end.
        let mut next = run(&store, &["*"], &["*"]);
        assert_eq!(next.execute("DELETE FROM once"), Ok(1));
        drop(next);
        match lost.prepare(Some("run")).map(|_| ()) {
            Err(error @ StoreError::RolledBack { .. }) => assert_eq!(
                error.to_string(),
                format!(
                    "a call failed, and all that the run did to data was rolled back: {said}\nhint: {LOST}{hint}"
                )
            ),
            other => panic!("{other:?}"),
        }
        let mut after = run(&store, &["*"], &[]);
        let left = "SELECT (SELECT count(*) FROM kept) || (SELECT count(*) FROM counted)";
        assert_eq!(rows(&after.query(left).unwrap()), "00");
    }
}

/// What SQLite can undo alone is no loss, also where a conflict would roll back the run without the words of the statement.
#[test]
fn a_statement_that_undoes_itself_alone_keeps_the_run() {
    let store = store(SET_UP);
    let mut kept = run(&store, &["*"], &["*"]);
    assert_eq!(kept.execute("INSERT INTO kept VALUES (1)"), Ok(1));
    for sql in [
        "INSERT OR ABORT INTO once VALUES (1)",
        "INSERT INTO kept VALUES (1)",
    ] {
        let failed = kept.execute(sql);
        assert!(matches!(&failed, Err(Failure::Call(error)) if error.code == Code::Constraint));
    }
    assert_eq!(kept.prepare(None).unwrap().settle(true).unwrap().len(), 1);
}
