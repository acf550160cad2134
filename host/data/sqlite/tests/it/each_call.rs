//! A run may commit as it goes. Then each call is a transaction of its own.

use fractalaw_sqlite::{Conditions, Failure, Quota, Run, Stop, Store, Unlimited, Value};

use crate::tables::{CONDITIONS, grants, rows, store, told};

const SET_UP: &str = "
CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE site (name TEXT PRIMARY KEY);
CREATE TABLE visit (at TEXT, site TEXT REFERENCES site(name) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE large (id INTEGER PRIMARY KEY, value BLOB);
CREATE VIRTUAL TABLE docs USING fts5(body);
INSERT INTO t VALUES (1, 'one'), (2, 'two');
INSERT INTO large VALUES (1, x'');
";

fn begin(store: &Store) -> Run {
    let conditions = Conditions {
        commits_each_call: true,
        ..CONDITIONS
    };
    let budget = Box::new(Unlimited::default());
    store.run(grants(&["*"], &["*"]), conditions, budget)
}

/// A run of the usual kind, to look and to be in the way.
fn whole(store: &Store) -> Run {
    crate::tables::run(store, &["*"], &["*"])
}

fn one(run: &mut Run, sql: &str) -> String {
    rows(&run.query(sql).unwrap())
}

const IDS: &str = "SELECT ifnull(group_concat(id), '') FROM (SELECT id FROM t ORDER BY id)";

#[test]
fn what_a_call_did_is_there_when_it_returns_and_stays_whatever_becomes_of_the_run() {
    let store = store(SET_UP);
    type End = fn(Run);
    let ends: [End; 3] = [
        drop,
        |run| drop(run.prepare(Some("run")).unwrap().settle(false).unwrap()),
        |run| drop(run.discard().unwrap()),
    ];
    for (end, id) in ends.into_iter().zip(10..) {
        let mut run = begin(&store);
        run.execute(&format!("INSERT INTO t VALUES ({id}, 'n{id}')"))
            .unwrap();
        let failed = run.execute("INSERT INTO t VALUES (70, 'seventy'), (1, 'one')");
        assert_eq!(told(failed), "5: UNIQUE constraint failed: t.id");
        let seen = one(&mut whole(&store), IDS);
        assert!(seen.ends_with(&format!(",{id}")), "{seen}");
        end(run);
        assert_eq!(one(&mut whole(&store), IDS), seen);
    }
}

#[test]
fn what_was_committed_is_told_in_the_order_of_the_calls() {
    let store = store(SET_UP);
    let does = |run: &mut Run| {
        run.execute("INSERT INTO t VALUES (9, 'nine')").unwrap();
        run.execute("INSERT INTO docs VALUES ('words')").unwrap();
        run.execute("UPDATE t SET name = 'again' WHERE id = 9")
            .unwrap();
        assert_eq!(run.execute("DELETE FROM t WHERE id = 70"), Ok(0));
        run.execute("DELETE FROM t WHERE id = 9").unwrap();
        run.execute("DELETE FROM docs").unwrap();
    };
    let text = |text: &str| Value::Text(text.as_bytes().into());
    let row = |name: &str| Some(Box::from([Value::Integer(9), text(name)]));
    let words = || Some(Box::from([text("words")]));
    let expected = [
        ("t", None, row("nine")),
        ("docs", None, words()),
        ("t", row("nine"), row("again")),
        ("t", row("again"), None),
        ("docs", words(), None),
    ];
    let told = |changes: &[fractalaw_sqlite::TableChanges]| -> Vec<_> {
        let rows = changes.iter().flat_map(|table| {
            let rows = table.rows.iter().cloned();
            rows.map(move |row| (table.table.clone(), row.before, row.after))
        });
        rows.collect()
    };
    let expected = expected.map(|(table, before, after)| (table.to_owned(), before, after));
    let mut completes = begin(&store);
    does(&mut completes);
    let prepared = completes.prepare(Some("run")).unwrap();
    assert_eq!(told(prepared.changes()), expected);
    assert_eq!(told(&prepared.settle(true).unwrap()), expected);
    let mut fails = begin(&store);
    does(&mut fails);
    assert_eq!(told(&fails.discard().unwrap()), expected);
}

#[test]
fn each_call_sees_what_others_have_committed_and_is_in_nobodys_way() {
    let store = store(SET_UP);
    let mut run = begin(&store);
    assert_eq!(one(&mut run, IDS), "1,2");
    run.execute("INSERT INTO t VALUES (3, 'three')").unwrap();
    let mut other = whole(&store);
    other.execute("INSERT INTO t VALUES (4, 'four')").unwrap();
    // The other run has the first place in line now, and a call that only reads does not wait for it.
    assert_eq!(one(&mut run, IDS), "1,2,3");
    other.prepare(None).unwrap().settle(true).unwrap();
    assert_eq!(one(&mut run, IDS), "1,2,3,4");
    // So does a run that fails in the middle of a call.
    let failed = run.execute("INSERT INTO t VALUES (5, 'one')");
    assert_eq!(told(failed), "5: UNIQUE constraint failed: t.name");
    let mut other = whole(&store);
    other.execute("DELETE FROM t WHERE id > 2").unwrap();
    drop(other);
    assert_eq!(one(&mut run, IDS), "1,2,3,4");
}

/// A call undoes itself, and the run goes on.
#[test]
fn a_call_that_cannot_be_committed_did_nothing() {
    let store = store(SET_UP);
    let mut run = begin(&store);
    for (sql, expected) in [
        (
            "INSERT INTO visit VALUES ('today', 'nowhere')",
            "5: a deferred foreign key points to no row when the call ends\nhint: insert the row that it points to with \
             an earlier call",
        ),
        (
            "INSERT OR ROLLBACK INTO t VALUES (3, 'three'), (1, 'one')",
            "5: UNIQUE constraint failed: t.id",
        ),
    ] {
        assert_eq!(told(run.execute(sql)), expected);
        assert_eq!(one(&mut run, IDS), "1,2");
        assert_eq!(one(&mut run, "SELECT count(*) FROM visit"), "0");
    }
    run.execute("INSERT INTO site VALUES ('here')").unwrap();
    run.execute("INSERT INTO visit VALUES ('today', 'here')")
        .unwrap();
    assert_eq!(one(&mut whole(&store), "SELECT at FROM visit"), "today");
}

/// A measured run makes the same calls on the same rows, for the same fuel, and leaves nothing.
#[test]
fn a_measured_run_does_the_work_of_a_real_one() {
    let told_by = |is_measured: bool| {
        let store = store(SET_UP);
        let conditions = Conditions {
            commits_each_call: true,
            is_measured,
            ..CONDITIONS
        };
        let budget = Box::new(Unlimited::default());
        let mut run = store.run(grants(&["*"], &["*"]), conditions, budget);
        let mut all = Vec::new();
        for sql in [
            "INSERT INTO t VALUES (3, 'three')",
            "INSERT INTO visit VALUES ('today', 'nowhere')",
            "INSERT INTO t VALUES (4, 'one')",
            "INSERT INTO docs VALUES ('a b c')",
            "INSERT INTO visit VALUES ('today', 'nowhere')",
            "UPDATE t SET name = 'third' WHERE id = 3",
            "DELETE FROM t WHERE id = 1",
        ] {
            all.push(told(run.execute(sql)));
            let seen = "SELECT group_concat(id || name) || (SELECT count(*) FROM visit) FROM t";
            all.push(one(&mut run, seen));
        }
        let used = run.used();
        drop(run);
        (all, used, one(&mut whole(&store), IDS))
    };
    let (real, measured) = (told_by(false), told_by(true));
    assert_eq!((real.0, real.1), (measured.0, measured.1));
    assert_eq!((real.2, measured.2), ("2,3".to_owned(), "1,2".to_owned()));
}

/// Keys are kept as well as values, also of rows that the run takes away again.
#[test]
fn keys_count_towards_what_a_run_may_change() {
    let store = store("CREATE TABLE t (key TEXT PRIMARY KEY) WITHOUT ROWID");
    let mut run = whole(&store);
    let ended = (0..100).find_map(|number| {
        let insert = format!("INSERT INTO t VALUES (printf('%7d%999993s', {number}, ''))");
        let added = run.execute(&insert);
        let removed = added.and_then(|_| run.execute("DELETE FROM t"));
        removed.err().map(|failure| (number, failure))
    });
    let over = Failure::Stop(Stop::Quota(Quota::ChangedBytes));
    assert_eq!(ended, Some((67, over)));
}

/// All calls together may change as much as a run that commits once, because the report shows all of it.
#[test]
fn what_a_run_may_change_is_bounded_over_all_calls() {
    let store = store(SET_UP);
    let mut run = begin(&store);
    let write = |run: &mut Run, number: usize| {
        run.execute(&format!(
            "UPDATE large SET value = printf('%7d%999993s', {number}, '')"
        ))
    };
    // 64 MiB are 67 values of 1 000 000 bytes.
    for number in 0..67 {
        assert_eq!(write(&mut run, number), Ok(1));
    }
    let value = "SELECT length(value) || substr(value, 1, 7) FROM large";
    let kept = one(&mut whole(&store), value);
    assert_eq!(kept, "1000000     66");
    let over = Failure::Stop(Stop::Quota(Quota::ChangedBytes));
    assert_eq!(write(&mut run, 67), Err(over));
    assert_eq!(one(&mut whole(&store), value), kept);
    assert_eq!(run.discard().unwrap().len(), 67);
}
