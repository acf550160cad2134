//! Hosts are killed at random moments while two runs commit each call. Every call that was acknowledged is in the
//! database as a whole, and so is each call that was not acknowledged, or nothing of it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use fractalaw_data::Data;
use fractalaw_host::{Durability, Host, Manifest, Policy};
use fractalaw_testing::{Lab, RUNTIME, cache, with_manifest};
use rusqlite::Connection;
use serde_json::Value;

use crate::killing::{self, Task, kills, random};

const CALLS: u64 = 3;

const SET_UP: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE calls (run INTEGER, call INTEGER, PRIMARY KEY (run, call)) WITHOUT ROWID;
    CREATE TABLE parts (run INTEGER, call INTEGER, part INTEGER);
    CREATE TRIGGER parts AFTER INSERT ON calls BEGIN
        INSERT INTO parts VALUES (new.run, new.call, 1), (new.run, new.call, 2);
    END;
";

/// A component that inserts its clock and 1, its clock and 2, and so on, each with a call, and then does `end`.
/// After each call it records the number.
fn guest(end: &str) -> Vec<u8> {
    let (mut data, mut calls, mut at) = (String::new(), String::new(), 1024);
    for call in 1..=CALLS {
        let sql = format!("INSERT INTO calls VALUES (unixepoch(), {call})");
        data += &format!("(data (i32.const {at}) \"{sql}\")\n");
        calls += &format!(
            "(call $call (i32.const {call}) (i32.const {at}) (i32.const {}))\n",
            sql.len()
        );
        at += sql.len();
    }
    let text = include_str!("../components/commits.wat")
        .replace("{data}", &data)
        .replace("{calls}", &calls)
        .replace("{end}", end);
    let asks = BTreeMap::from([("data".to_owned(), ["transaction"][..].into())]);
    let manifest = Manifest {
        asks,
        ..Manifest::default()
    };
    with_manifest(&wat::parse_str(text).unwrap(), &manifest)
}

fn host(ledger: &Path, durability: Durability) -> Host {
    let text = "[all]\ndata.file = \"data.db\"\ndata.read = true\ndata.write = true\ndata.transaction = \"call\"\n\
                interfaces.\"fractal:app/data-mutate\" = true";
    let policy = Policy::parse(&ledger.with_file_name("policy.toml"), text).unwrap();
    let host = Host::builder().slots(4).cache(cache()).policy(policy);
    let host = host.ledger(ledger, durability).offer(Data::new());
    host.build().unwrap()
}

/// The process that is killed. If it runs as an ordinary test, it does nothing.
#[test]
fn a_host_that_commits_calls_without_end() {
    let Some(task) = Task::given() else {
        return;
    };
    let host = host(&task.ledger, task.durability);
    let completes = host.load(&guest("")).unwrap();
    let traps = host.load(&guest("unreachable")).unwrap();
    task.without_end(|number, run| {
        let app = if number % 2 == 0 { &completes } else { &traps };
        let report = RUNTIME.block_on(host.run(app, run)).unwrap();
        assert_eq!(report.effects.len() as u64, 3 * CALLS);
    });
}

#[test]
fn every_acknowledged_call_is_there_whenever_a_host_is_killed() {
    let lab = Lab::new();
    let file = lab.path.with_file_name("data.db");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch(SET_UP).unwrap();
    drop(connection);
    let mut acknowledged = BTreeSet::new();
    for kill in 0..kills() {
        let runs = killing::killed(
            &lab,
            "call_kills::a_host_that_commits_calls_without_end",
            kill,
            1 + kill * 1_000_000,
            random(kill + 3_000) % 8,
            Duration::from_micros(random(kill + 9_000) / 4),
        );
        // Whoever has a run's report knows of all its calls.
        acknowledged.extend(
            runs.into_iter()
                .flat_map(|run| (1..=CALLS).map(move |call| (run, call))),
        );
    }
    let known = recorded(&lab);
    // An entry in the ledger means that the guest had the answer of its call.
    acknowledged.extend(
        known
            .iter()
            .flat_map(|(run, calls)| calls.iter().map(|call| (*run, *call))),
    );
    let there = there(&file);
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "acknowledged and not there: {lost:?}");
    for (run, call) in &there {
        assert!(known.contains_key(run), "run {run} was never opened");
        assert!(
            *call == 1 || there.contains(&(*run, call - 1)),
            "run {run}, call {call}"
        );
    }
    let unknown = there.difference(&acknowledged).count() as u64;
    eprintln!(
        "{} kills: {} calls acknowledged, {unknown} committed and not acknowledged",
        kills(),
        acknowledged.len()
    );
    assert!(!acknowledged.is_empty());
}

/// The calls that the ledger has of each run, by the number that was its clock.
fn recorded(lab: &Lab) -> BTreeMap<u64, BTreeSet<u64>> {
    let (mut numbers, mut runs) = (BTreeMap::new(), BTreeMap::<u64, BTreeSet<u64>>::new());
    for entry in lab.entries() {
        let run_id = entry.run_id.expect("all of them are runs'");
        match &*entry.event_type {
            "run-opened" => {
                let detail: Value = serde_json::from_str(&entry.detail).unwrap();
                let number = detail["clock_unix_ns"].as_u64().unwrap() / 1_000_000_000;
                numbers.insert(run_id, number);
                runs.insert(number, BTreeSet::new());
            }
            "committed" => {
                let calls = runs.get_mut(&numbers[&run_id]).unwrap();
                calls.insert(entry.detail.parse().unwrap());
            }
            _ => {}
        }
    }
    runs
}

/// The calls in the database, each as a whole.
fn there(file: &Path) -> BTreeSet<(u64, u64)> {
    let connection = Connection::open(file).unwrap();
    let all = |sql: &str| -> BTreeSet<(u64, u64)> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
        });
        rows.unwrap().map(Result::unwrap).collect()
    };
    let calls = all("SELECT run, call FROM calls");
    let whole = "SELECT run, call FROM parts GROUP BY run, call HAVING group_concat(part) = '1,2'";
    assert_eq!(all(whole), calls);
    assert_eq!(
        all("SELECT count(*), 0 FROM parts"),
        [(2 * calls.len() as u64, 0)].into()
    );
    calls
}
