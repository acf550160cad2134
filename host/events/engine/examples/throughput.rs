//! How many deliveries a second the engine runs, and how long one takes, on the disk of a folder:
//!
//!     cargo run --release -p fractalaw-events-engine --example throughput -- FOLDER [DELIVERIES]
//!
//! Workers claim deliveries one at a time. The guest is only a call that emits. With a ledger, each run has its opening and
//! its closing in a real one, with the durability `Group`.

use std::env;
use std::error::Error;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fractalaw_events_engine::*;
use fractalaw_ledger::{
    Closing, Durability, Fuel, Grants, Hash, Ledger, LedgerKey, Limits, Opening, Options, create,
    now_unix_ns,
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const DELIVERIES: u64 = 50_000;
const PAYLOAD_BYTES: usize = 200;

fn main() -> Outcome<()> {
    let folder = env::args_os().nth(1).ok_or("expected a folder")?;
    let deliveries = match env::args().nth(2) {
        Some(text) => text.parse()?,
        None => DELIVERIES,
    };
    println!(
        "workers, events a run, ledger: deliveries a second; one from claim to settled: median, 99 of 100"
    );
    for (workers, emits, has_ledger) in [
        (1, 0, false),
        (1, 1, false),
        (64, 0, false),
        (64, 1, false),
        (64, 0, true),
        (64, 1, true),
    ] {
        let place = tempfile::tempdir_in(&folder)?;
        let ledger = has_ledger.then(|| ledger(place.path())).transpose()?;
        // One worker waits for each sync alone.
        let deliveries = if workers == 1 {
            deliveries / 20
        } else {
            deliveries
        };
        let (rate, times) = load(place.path(), ledger.as_ref(), workers, emits, deliveries)?;
        let at = |part: f64| times[(times.len() as f64 * part) as usize];
        let ledger = if has_ledger { "yes" } else { "no" };
        println!(
            "{workers:7}, {emits}, {ledger:3}: {rate:6.0}; {:.2?}, {:.2?}",
            at(0.5),
            at(0.99)
        );
    }
    Ok(())
}

fn ledger(folder: &Path) -> Outcome<Ledger> {
    let path = folder.join("audit.ledger");
    let key = LedgerKey::from_seed(&[7; 32]);
    create(&path, "node-1", &key.public_key(), now_unix_ns())?;
    let options = Options {
        durability: Durability::Group,
        ..Options::default()
    };
    Ok(Ledger::open(&path, options)?)
}

/// Runs so many deliveries, and returns how many there were in a second and how long each took, sorted.
fn load(
    folder: &Path,
    ledger: Option<&Ledger>,
    workers: u32,
    emits: usize,
    deliveries: u64,
) -> Outcome<(f64, Vec<Duration>)> {
    let now = Time::from_unix_s(1_772_366_400);
    let apps = Apps::default()
        .with("source", App::new(1))
        .with("work", App::new(workers).on("made"));
    let engine = Engine::open(
        &folder.join("events.db"),
        "ledger",
        apps,
        &mut NoClosings,
        now,
    )?;
    // Far above those of the ledger.
    let first = 1 << 40;
    for run in 0..deliveries.div_ceil(limits::RUN_EVENTS) {
        let mut source = engine.run(RunId(first + run), "source", allowed(), now);
        for _ in 0..limits::RUN_EVENTS.min(deliveries - run * limits::RUN_EVENTS) {
            source.emit("made", "source", vec![7; PAYLOAD_BYTES])?;
        }
        source.prepare(true)?;
        source.settle(Ending::Completed, "completed", now)?;
    }
    let runs = AtomicU64::new(1);
    let times = Mutex::new(Vec::new());
    let begin = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|_| scope.spawn(|| worker(&engine, ledger, &runs, emits, now)))
            .collect();
        for worker in workers {
            let of_worker = worker.join().map_err(|_| "a worker panicked")??;
            times
                .lock()
                .map_err(|_| "a worker panicked")?
                .extend(of_worker);
        }
        Outcome::Ok(())
    })?;
    let all = begin.elapsed();
    let mut times = times.into_inner()?;
    times.sort_unstable();
    assert_eq!(times.len() as u64, deliveries);
    Ok((deliveries as f64 / all.as_secs_f64(), times))
}

fn allowed() -> Allowed {
    Allowed {
        emits: Granted::All,
        ..Allowed::default()
    }
}

fn worker(
    engine: &Engine,
    ledger: Option<&Ledger>,
    runs: &AtomicU64,
    emits: usize,
    now: Time,
) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    loop {
        let begin = Instant::now();
        let Some(claim) = engine.claim(now, 1)?.pop() else {
            return Ok(times);
        };
        let handle = ledger
            .map(|ledger| ledger.begin_run(&opening(), now_unix_ns()))
            .transpose()?;
        let id = handle
            .as_ref()
            .map_or_else(|| runs.fetch_add(1, Ordering::Relaxed), |run| run.run_id());
        let (mut run, delivery) = claim.start(RunId(id), allowed(), now)?;
        for _ in 0..emits {
            run.emit("nobody-listens", &delivery.app, delivery.payload.clone())?;
        }
        run.prepare(true)?;
        if let Some(handle) = handle {
            handle.finish(Vec::new(), &closing(), now_unix_ns())?;
        }
        run.settle(Ending::Completed, "completed", now)?;
        times.push(begin.elapsed());
    }
}

fn opening() -> Opening {
    Opening {
        name: "work".to_owned(),
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
    }
}

fn closing() -> Closing {
    Closing {
        outcome: "completed".to_owned(),
        message: None,
        fuel: Fuel {
            budget: 1_000_000_000,
            consumed: 1_707,
            certainty: "exact".to_owned(),
        },
        deeds: Default::default(),
    }
}
