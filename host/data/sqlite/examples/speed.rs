//! Compares the time with rusqlite reading and inserting the same rows: a million rows as an Arrow stream, and one row by
//! its key.
//!
//!     cargo run --release -p fractalaw-sqlite --example speed

#![expect(clippy::print_stdout, reason = "it prints its table")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fractalaw_sqlite::{Conditions, Grants, Run, Store, Unlimited};
use rusqlite::Connection;

const SET_UP: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, name TEXT);
CREATE TABLE copy (id INTEGER PRIMARY KEY, n INTEGER, r REAL, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) INSERT INTO t SELECT i, i * 7, i / 3.0, 'name ' || i FROM n";
const ALL: &str = "SELECT id, n, r, name FROM t";
const ROUNDS: u32 = 7;
const POINTS: u32 = 20_000;

fn main() {
    let store = Store::temporary(|connection| connection.execute_batch(SET_UP)).expect("a table");
    let grants = Arc::new(Grants::new(&["t"], &["copy"]).expect("grants"));
    let connection = Connection::open(store.path()).expect("the same file");
    let begin = || {
        store.run(
            Arc::clone(&grants),
            Conditions::default(),
            Box::new(Unlimited::default()),
        )
    };
    // The two alternate, so that other load on the machine falls on both.
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(begin().query(ALL).expect("rows").len());
        ours = ours.min(start.elapsed());
        let start = Instant::now();
        black_box(read(&connection));
        theirs = theirs.min(start.elapsed());
    }
    println!(
        "a million rows: {:.1} ms as an Arrow stream, {:.1} ms read by rusqlite into vectors: {:.2} times",
        ms(ours),
        ms(theirs),
        ms(ours) / ms(theirs)
    );
    inserts(&begin, &connection);
    let mut run = begin();
    let sql = |id: u32| format!("SELECT name FROM t WHERE id = {id}");
    let each = |duration: Duration| duration.as_secs_f64() * 1e6 / f64::from(POINTS);
    let start = Instant::now();
    for _ in 0..POINTS {
        black_box(run.query(&sql(777)).expect("a row").len());
    }
    let same = each(start.elapsed());
    let start = Instant::now();
    for id in 1..=POINTS {
        black_box(run.query(&sql(id * 31)).expect("a row").len());
    }
    let other = each(start.elapsed());
    let start = Instant::now();
    for id in 1..=POINTS {
        let name: String = connection
            .query_row(&sql(id * 31), (), |row| row.get(0))
            .expect("a row");
        black_box(name);
    }
    let theirs = each(start.elapsed());
    let start = Instant::now();
    for _ in 0..POINTS {
        black_box(begin().query(&sql(777)).expect("a row").len());
    }
    let runs = each(start.elapsed());
    println!(
        "a row by its key: {same:.1} µs for a statement that is ready, {other:.1} µs for a new one, {runs:.1} µs in a run of its own; {theirs:.1} µs by rusqlite, prepared each time"
    );
}

/// The same million rows into an empty table, all undone afterwards.
fn inserts(begin: &impl Fn() -> Run, connection: &Connection) {
    let stream = begin().query(ALL).expect("rows");
    let (ids, numbers, reals, names) = read(connection);
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let mut run = begin();
        let start = Instant::now();
        black_box(run.insert("copy", &stream).expect("rows"));
        ours = ours.min(start.elapsed());
        drop(run);
        connection.execute_batch("BEGIN").expect("a transaction");
        let start = Instant::now();
        let mut statement = connection
            .prepare("INSERT INTO copy VALUES (?1, ?2, ?3, ?4)")
            .expect("a statement");
        for (at, id) in ids.iter().enumerate() {
            let row = (id, numbers[at], reals[at], &names[at]);
            statement.execute(row).expect("a row");
        }
        theirs = theirs.min(start.elapsed());
        drop(statement);
        connection.execute_batch("ROLLBACK").expect("undone");
    }
    println!(
        "a million rows inserted: {:.1} ms from an Arrow stream of {:.1} MB, {:.1} ms by rusqlite from vectors: {:.2} times",
        ms(ours),
        stream.len() as f64 / 1e6,
        ms(theirs),
        ms(ours) / ms(theirs)
    );
}

/// The vectors that a program without Arrow would read the rows into.
fn read(connection: &Connection) -> (Vec<i64>, Vec<i64>, Vec<f64>, Vec<String>) {
    let mut statement = connection.prepare(ALL).expect("a statement");
    let mut rows = statement.query(()).expect("rows");
    let (mut ids, mut numbers, mut reals, mut names) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    while let Some(row) = rows.next().expect("a row") {
        ids.push(row.get(0).expect("an integer"));
        numbers.push(row.get(1).expect("an integer"));
        reals.push(row.get(2).expect("a real"));
        names.push(row.get(3).expect("text"));
    }
    (ids, numbers, reals, names)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
