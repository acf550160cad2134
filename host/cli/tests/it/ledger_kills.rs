//! Hosts are killed at random moments while several runs are under way: what a report acknowledged is in the
//! ledger, and a run without a report is complete or shown as cut off.
//!
//! The ledger's own tests kill its writer in the same way, with entries that are acknowledged one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fractalaw_host::{Host, Run};
use fractalaw_ledger::Entry;
use fractalaw_testing::{DURABILITIES, Lab, RUNTIME, cache, component};
use serde_json::Value;

use crate::killing::{self, Task, end_after, kills, random};

/// The runs that one process has under way.
const TASKS: u64 = 12;
/// The processes that append to one ledger.
const PROCESSES: usize = 4;

/// Records five different entries, and then runs this code.
fn five_then(code: &str) -> Vec<u8> {
    let records: String = (0..5)
        .map(|index| {
            let at = 1024 + index * 4;
            format!(
                "(call $record-raw (i32.const {at}) (i32.const 4) (i32.const {at}) (i32.const 4)
                    (i32.const {at}) (i32.const 4))"
            )
        })
        .collect();
    let data = "(data (i32.const 1024) \"no 1no 2no 3no 4no 5\")";
    component(data, &format!("{records} {code}"))
}

const TRAIL: [&str; 5] = ["no 1", "no 2", "no 3", "no 4", "no 5"];

/// What the ledger has of each run, by the number that was its argument: its trail, and whether it was closed.
fn recorded(lab: &Lab) -> BTreeMap<u64, (Vec<String>, bool)> {
    let mut numbers = BTreeMap::new();
    let mut runs: BTreeMap<u64, (Vec<String>, bool)> = BTreeMap::new();
    let entries: Vec<Entry> = lab.entries();
    for entry in entries {
        let run_id = entry.run_id.expect("all of them are runs'");
        if entry.event_type == "run-opened" {
            let opened: Value = serde_json::from_str(&entry.detail).unwrap();
            let number = opened["grants"]["args"][0].as_str().unwrap();
            assert_eq!(numbers.insert(run_id, number.parse().unwrap()), None);
            runs.insert(numbers[&run_id], (Vec::new(), false));
            continue;
        }
        let (trail, closed) = runs.get_mut(&numbers[&run_id]).unwrap();
        match &*entry.event_type {
            "run-closed" => *closed = true,
            _ => trail.push(entry.detail),
        }
    }
    runs
}

/// Compares what was acknowledged with what is there.
fn holds(lab: &Lab, kills: u64, acknowledged: &BTreeSet<u64>) {
    let verified = lab.verified();
    let runs = recorded(lab);
    assert_eq!(runs.len() as u64, verified.runs);
    for number in acknowledged {
        let (_, closed) = runs.get(number).expect("its opening is lost");
        assert!(closed, "run {number} lost its closing");
    }
    for (number, (trail, closed)) in &runs {
        // If a run was cut off, only the end is missing.
        assert!(TRAIL.starts_with(&trail.iter().map(String::as_str).collect::<Vec<_>>()));
        assert!(trail.len() == 5 || !closed, "run {number}");
    }
    let cut_off = runs.values().filter(|(_, closed)| !closed).count();
    assert_eq!(cut_off, verified.open_runs.len());
    let shown = lab
        .outcomes()
        .iter()
        .filter(|outcome| outcome.is_none())
        .count();
    assert_eq!(shown, cut_off);
    eprintln!(
        "{kills} kills: {} entries, {} runs, {} acknowledged, {cut_off} cut off",
        verified.entries,
        runs.len(),
        acknowledged.len(),
    );
    assert!(cut_off > 0 && !acknowledged.is_empty());
}

#[test]
fn what_a_host_acknowledged_of_many_runs_at_once_is_not_lost() {
    let lab = Lab::new();
    let mut acknowledged = BTreeSet::new();
    for kill in 0..kills() {
        acknowledged.extend(killing::killed(
            &lab,
            "ledger_kills::a_host_without_end",
            kill,
            kill * 1_000_000,
            random(kill) % 60,
            Duration::from_micros(random(kill + 7_000) / 16),
        ));
    }
    holds(&lab, kills(), &acknowledged);
}

/// The process that is killed above. As a test of its own it does nothing.
#[test]
fn a_host_without_end() {
    let Some(task) = Task::given() else {
        return;
    };
    let host = Host::builder()
        .slots(4)
        .cache(cache())
        .ledger(&task.ledger, task.durability);
    let host = host.build().unwrap();
    let app = host.load(&five_then("")).unwrap();
    thread::scope(|scope| {
        for _ in 0..TASKS {
            scope.spawn(|| {
                loop {
                    let number = task.next.fetch_add(1, Ordering::Relaxed);
                    let run = Run::new().arg(number.to_string());
                    let report = RUNTIME.block_on(host.run(&app, &run)).unwrap();
                    assert_eq!(report.outcome.kind(), "completed");
                    task.acknowledge(number);
                }
            });
        }
    });
}

#[test]
fn what_processes_acknowledged_side_by_side_is_not_lost() {
    let lab = Lab::new();
    let path = lab.folder.path().join("five.wasm");
    fs::write(&path, five_then("")).unwrap();
    // This process runs until it is killed, after all others. So at least one process is killed in the middle of
    // a run.
    let endless = lab.folder.path().join("endless.wasm");
    fs::write(&endless, five_then("(loop $again (br $again))")).unwrap();
    let limits = ["--fuel", "18446744073709551615", "--timeout", "10m"];
    let mut cut_off = command(&lab, &endless, ENDLESS);
    let mut cut_off = cut_off.args(limits).spawn().unwrap();
    while lab.count() < 1 + 1 + 5 {
        assert!(cut_off.try_wait().unwrap().is_none(), "it ended by itself");
        thread::yield_now();
    }
    let begin = Instant::now();
    assert_eq!(ended(start(&lab, &path, u64::MAX)), Some(()));
    // Later than at its end there is nothing to kill.
    let whole = begin.elapsed() * 3;
    let (next, acknowledged) = (AtomicU64::new(0), Mutex::new(BTreeSet::from([u64::MAX])));
    thread::scope(|scope| {
        for _ in 0..PROCESSES {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= kills() {
                        return;
                    }
                    let mut child = start(&lab, &path, number);
                    end_after(&mut child, whole * random(number) as u32 / 0x1_0000);
                    if ended(child).is_some() {
                        acknowledged.lock().unwrap().insert(number);
                    }
                }
            });
        }
    });
    cut_off.kill().unwrap();
    cut_off.wait().unwrap();
    holds(&lab, kills() + 1, &acknowledged.into_inner().unwrap());
}

/// The number of a run that ends only when it is killed. Each of its entries is written to disk by itself.
const ENDLESS: u64 = u64::MAX - 3;

fn start(lab: &Lab, component: &Path, number: u64) -> Child {
    command(lab, component, number).spawn().unwrap()
}

fn command(lab: &Lab, component: &Path, number: u64) -> Command {
    let (_, durability) = DURABILITIES[number as usize % 3];
    let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw"));
    command
        .args(["run", "--json", "--durability", durability, "--arg"])
        .arg(number.to_string())
        .arg("--ledger")
        .arg(&lab.path)
        .arg("--cache")
        .arg(cache())
        .arg(component)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Waits for its end, and returns whether it gave a complete report.
fn ended(child: Child) -> Option<()> {
    let output = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).ok()?;
    assert_eq!(report["audit"].as_array().unwrap().len(), 5);
    Some(())
}
