//! What durability costs on the disk of a folder, and how long a million entries take to verify:
//! `cargo run --release -p fractalaw-ledger --example cost -- FOLDER`.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use fractalaw_ledger::*;

/// Entries of each run.
const ENTRIES: u64 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir_in(env::args_os().nth(1).ok_or("expected a folder")?)?;
    let synced = time_of_one(200, || {
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(folder.path().join("synced"))?;
        file.write_all(&[0; 4096])?;
        Ok(file.sync_data()?)
    })?;
    println!("one write of 4 KiB, synced: {synced:.1?}");
    let opened = ledger(folder.path(), "opened", Durability::Run)?;
    let path = folder.path().join("opened");
    let again = time_of_one(200, || {
        Ledger::open(&path, Options::default())?;
        Ok(())
    })?;
    println!("opening a ledger that is open elsewhere: {again:.1?}");
    drop(opened);
    println!("\ndurability, threads: a run of {ENTRIES} entries, runs in a second");
    for durability in [Durability::Entry, Durability::Run, Durability::Group] {
        for threads in [1, 16] {
            let name = format!("{durability:?}-{threads}");
            let ledger = ledger(folder.path(), &name, durability)?;
            let (time, rate) = load(&ledger, durability, threads, 480 / threads);
            println!("{durability:?}, {threads:2}: {time:.1?}, {rate:.0}");
        }
    }
    million(folder.path())
}

fn time_of_one(
    times: u32,
    mut task: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<Duration, Box<dyn Error>> {
    let begin = Instant::now();
    for _ in 0..times {
        task()?;
    }
    Ok(begin.elapsed() / times)
}

fn ledger(folder: &Path, name: &str, durability: Durability) -> Result<Ledger, Box<dyn Error>> {
    let path = folder.join(name);
    let key = LedgerKey::from_seed(&[7; 32]);
    create(&path, "node-1", &key.public_key(), now_unix_ns())?;
    let options = Options {
        durability,
        ..Options::default()
    };
    Ok(Ledger::open(&path, options)?)
}

/// The mean time of one run, as its thread sees it, and how many there are in a second.
fn load(ledger: &Ledger, durability: Durability, threads: u32, runs: u32) -> (Duration, f64) {
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..runs {
                    one_run(ledger, durability, ENTRIES).expect("the folder takes it");
                }
            });
        }
    });
    let all = begin.elapsed();
    (all / runs, f64::from(threads * runs) / all.as_secs_f64())
}

fn one_run(ledger: &Ledger, durability: Durability, entries: u64) -> Result<(), LedgerError> {
    let opening = Opening {
        name: "duty-finder".to_owned(),
        version: Some("0.1.0".to_owned()),
        sha256: Hash([0xab; 32]),
        tier: "standard".to_owned(),
        limits: Limits {
            fuel: 1_000_000_000,
            deadline_us: 30_000_000,
            memory_bytes: 64 << 20,
        },
        grants: Grants::default(),
        deterministic: false,
        clock_unix_ns: None,
        seed: None,
        decision: None,
        trigger: None,
    };
    let mut run = ledger.begin_run(&opening, now_unix_ns())?;
    let mut rest = Vec::new();
    for number in 0..entries {
        let event = Event {
            time_unix_ns: now_unix_ns(),
            event_type: "duty-found".to_owned(),
            resource: format!("regulation/{number}"),
            detail: "The operator shall keep a record of each inspection for ten years".to_owned(),
        };
        match durability {
            Durability::Entry => run.record(event)?,
            _ => rest.push(event),
        }
    }
    let closing = Closing {
        outcome: "completed".to_owned(),
        message: None,
        fuel: Fuel {
            budget: 1_000_000_000,
            consumed: 1_707,
            certainty: "exact".to_owned(),
        },
        deeds: Default::default(),
    };
    run.finish(rest, &closing, now_unix_ns())
}

fn million(folder: &Path) -> Result<(), Box<dyn Error>> {
    let big = ledger(folder, "million", Durability::Run)?;
    let begin = Instant::now();
    for _ in 0..100 {
        one_run(&big, Durability::Run, 9_998)?;
    }
    drop(big);
    let path = folder.join("million");
    let megabytes = path.metadata()?.len() / 1_000_000;
    let time = begin.elapsed();
    println!("\na million entries: appended in {time:.1?}, {megabytes} MB");
    for _ in 0..3 {
        let begin = Instant::now();
        let verified = verify(&Reader::open(&path)?, &Trust::default())?;
        let time = begin.elapsed();
        println!("verified {} entries in {time:.2?}", verified.entries);
    }
    Ok(())
}
