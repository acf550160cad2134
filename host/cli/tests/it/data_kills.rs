//! Hosts are killed at random moments while two runs change data at once. The database then has the changes of
//! the runs that completed in the ledger, and no others.
//!
//! `FRACTALAW_TEST_KILLS` sets how often.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{BufRead, BufReader, Read, Write, stdout};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fractalaw_data::Data;
use fractalaw_host::{Host, Policy, Run};
use fractalaw_testing::{DURABILITIES, Lab, RUNTIME, cache};
use rusqlite::Connection;
use serde_json::Value;

/// Set for the process that is killed: its ledger, the durability, and the number that it begins with.
const LEDGER: &str = "FRACTALAW_TEST_DATA_LEDGER";
const TASK: &str = "FRACTALAW_TEST_DATA_TASK";
const WRITERS: u64 = 2;

const SET_UP: &str = "
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

fn kills() -> u64 {
    env::var("FRACTALAW_TEST_KILLS").map_or(24, |text| text.parse().unwrap())
}

/// A number from 0 to 65535. The sequence is the same each time.
fn random(seed: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 48
}

/// A component that runs these statements and then does `end`.
fn guest(end: &str) -> Vec<u8> {
    let (mut data, mut calls, mut at) = (String::new(), String::new(), 1024);
    for sql in STATEMENTS {
        data += &format!("(data (i32.const {at}) \"{sql}\")\n");
        calls += &format!(
            "(call $execute (i32.const {at}) (i32.const {}) (i32.const 64))
             (if (i32.load8_u (i32.const 64)) (then unreachable))\n",
            sql.len()
        );
        at += sql.len();
    }
    let text = include_str!("../components/executes.wat")
        .replace("{data}", &data)
        .replace("{calls}", &calls)
        .replace("{end}", end);
    wat::parse_str(text).unwrap()
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
    let (Some(ledger), Ok(task)) = (env::var_os(LEDGER), env::var(TASK)) else {
        return;
    };
    let (name, first) = task.split_once(' ').unwrap();
    let (durability, _) = DURABILITIES
        .into_iter()
        .find(|(_, known)| *known == name)
        .unwrap();
    let host = host(Path::new(&ledger), durability);
    let completes = host.load(&guest("")).unwrap();
    let traps = host.load(&guest("unreachable")).unwrap();
    let next = AtomicU64::new(first.parse().unwrap());
    say("\n".to_owned());
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let (app, kind) = match number % 4 {
                        3 => (&traps, "trap"),
                        _ => (&completes, "completed"),
                    };
                    let run = Run::new().clock(Duration::from_secs(number));
                    let report = RUNTIME.block_on(host.run(app, &run)).unwrap();
                    assert_eq!(report.outcome.kind(), kind);
                    say(format!("ack {number}\n"));
                }
            });
        }
    });
}

/// Written in one piece, so that the text is in the pipe when the process is killed.
fn say(text: String) {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
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
        let (_, durability) = DURABILITIES[kill as usize % 3];
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "data_kills::a_host_that_changes_data_without_end",
                "--nocapture",
            ])
            .env(LEDGER, &lab.path)
            .env(TASK, format!("{durability} {}", 1 + kill * 1_000_000))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        while (text.matches("ack ").count() as u64) < random(kill) % 12 {
            assert_ne!(out.read_line(&mut text).unwrap(), 0, "it ended by itself");
        }
        let (begin, delay) = (
            Instant::now(),
            Duration::from_micros(random(kill + 7_000) / 4),
        );
        while begin.elapsed() < delay {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        out.read_to_string(&mut text).unwrap();
        // A line without an end does not count.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let numbers = whole.lines().filter_map(|line| line.strip_prefix("ack "));
        acknowledged.extend(numbers.map(|number| number.parse::<u64>().unwrap()));
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
fn ended(lab: &Lab) -> BTreeMap<u64, Option<String>> {
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
fn agrees(file: &Path, completed: &BTreeSet<u64>) {
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
