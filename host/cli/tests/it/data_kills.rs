//! Hosts are killed at random moments while two runs change data at once. The database then has the changes of
//! the runs that completed in the ledger, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use fractalaw_data::Data;
use fractalaw_host::{Host, Policy};
use fractalaw_testing::{DURABILITIES, Lab, RUNTIME, cache};
use rusqlite::Connection;
use serde_json::Value;

use crate::data::component;
use crate::killing::{self, Task, kills, random};

pub(crate) const SET_UP: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE runs (number INTEGER PRIMARY KEY, parts INTEGER NOT NULL);
    CREATE TABLE parts (number INTEGER REFERENCES runs(number), part INTEGER, PRIMARY KEY (number, part)) WITHOUT ROWID;
    CREATE TABLE total (runs INTEGER NOT NULL);
    INSERT INTO total VALUES (0);
    CREATE TRIGGER counts AFTER INSERT ON runs BEGIN UPDATE total SET runs = runs + 1; END;
";

/// What a run does. Its clock is its number, so the same component does something else each time.
const STATEMENTS: [&str; 4] = [
    "INSERT INTO runs VALUES (unixepoch(), 1)",
    "INSERT INTO parts VALUES (unixepoch(), 1), (unixepoch(), 2), (unixepoch(), 3)",
    "UPDATE runs SET parts = 3 WHERE number = unixepoch()",
    "DELETE FROM parts WHERE number = unixepoch() AND part = 2",
];

pub(crate) fn guest(end: &str) -> Vec<u8> {
    component(&STATEMENTS.map(str::to_owned), end)
}

fn host(ledger: &Path, durability: fractalaw_host::Durability) -> Host {
    let text = "[all]\ndata.file = \"data.db\"\ndata.read = true\ndata.write = true\ninterfaces.\"fractal:app/data-mutate\" = true";
    let policy = Policy::parse(&ledger.with_file_name("policy.toml"), text).unwrap();
    let host = Host::builder().slots(4).cache(cache()).policy(policy);
    let host = host.ledger(ledger, durability).offer(Data::new());
    host.build().unwrap()
}

/// The process that is killed. If it runs as an ordinary test, it does nothing.
#[test]
fn a_host_that_changes_data_without_end() {
    let Some(task) = Task::given() else {
        return;
    };
    let host = host(&task.ledger, task.durability);
    let completes = host.load(&guest("")).unwrap();
    let traps = host.load(&guest("unreachable")).unwrap();
    task.without_end(|number, run| {
        let (app, kind) = match number % 4 {
            3 => (&traps, "trap"),
            _ => (&completes, "completed"),
        };
        let report = RUNTIME.block_on(host.run(app, run)).unwrap();
        assert_eq!(report.outcome.kind(), kind);
    });
}

#[test]
fn ledger_and_data_agree_whenever_a_host_is_killed() {
    let lab = Lab::new();
    let file = lab.path.with_file_name("data.db");
    Connection::open(&file)
        .unwrap()
        .execute_batch(SET_UP)
        .unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut unsettled = 0;
    for kill in 0..kills() {
        acknowledged.extend(killing::killed(
            &lab,
            "data_kills::a_host_that_changes_data_without_end",
            kill,
            1 + kill * 1_000_000,
            random(kill) % 12,
            Duration::from_micros(random(kill + 7_000) / 4),
        ));
        let record = lab.path.with_file_name("data.db-pending");
        unsettled += u64::from(record.metadata().is_ok_and(|found| found.len() > 0));
    }
    // A host that starts settles what the last one left.
    drop(host(&lab.path, DURABILITIES[0].0));
    let ended = ended(&lab);
    for number in &acknowledged {
        assert!(ended[number].is_some(), "run {number} lost its closing");
    }
    let completed: BTreeSet<u64> = ended
        .iter()
        .filter(|(_, outcome)| outcome.as_deref() == Some("completed"))
        .map(|(number, _)| *number)
        .collect();
    agrees(&file, &completed);
    eprintln!(
        "{} kills: {} runs, {} completed, {} acknowledged, {unsettled} left to be settled",
        kills(),
        ended.len(),
        completed.len(),
        acknowledged.len()
    );
    assert!(!acknowledged.is_empty());
}

/// How each run ended, by the number that was its clock.
pub(crate) fn ended(lab: &Lab) -> BTreeMap<u64, Option<String>> {
    let (mut numbers, mut ended) = (BTreeMap::new(), BTreeMap::new());
    for entry in lab.entries() {
        let run_id = entry.run_id.expect("all of them are runs'");
        let detail: Value = serde_json::from_str(&entry.detail).unwrap();
        if entry.event_type == "run-opened" {
            let number = detail["clock_unix_ns"].as_u64().unwrap() / 1_000_000_000;
            numbers.insert(run_id, number);
            ended.insert(number, None);
        } else {
            let outcome = detail["outcome"].as_str().unwrap().to_owned();
            ended.insert(numbers[&run_id], Some(outcome));
        }
    }
    ended
}

/// Checks that the database has these runs as a whole, and no others.
pub(crate) fn agrees(file: &Path, completed: &BTreeSet<u64>) {
    let connection = Connection::open(file).unwrap();
    let all = |sql: &str| -> Vec<(i64, i64)> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let whole: Vec<(i64, i64)> = completed.iter().map(|number| (*number as i64, 3)).collect();
    assert_eq!(all("SELECT number, parts FROM runs ORDER BY number"), whole);
    let parts: Vec<(i64, i64)> = completed
        .iter()
        .flat_map(|number| [(*number as i64, 1), (*number as i64, 3)])
        .collect();
    assert_eq!(
        all("SELECT number, part FROM parts ORDER BY number, part"),
        parts
    );
    assert_eq!(
        all("SELECT runs, 0 FROM total"),
        [(completed.len() as i64, 0)]
    );
}
