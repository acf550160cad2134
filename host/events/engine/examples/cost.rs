//! Measures what one event and one task cost in time, from the call until they have taken effect, for the prices of the
//! capability: `cargo run --release -p fractalaw-events-engine --example cost -- FOLDER`.
//!
//! Each run stages many, so that syncing the disk, which a run pays once and not for each, counts little.

use std::path::Path;
use std::time::{Duration, Instant};

use fractalaw_events_engine::*;

/// The fuel of a call and of each byte, as in `host/events/src/tables.rs`.
const EMIT: (u64, u64) = (100_000, 20);
const SCHEDULE: (u64, u64) = (150_000, 20);

/// How often each is measured. The least counts.
const TIMES: u64 = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("expected a FOLDER")?;
    let apps = Apps::default()
        .with("watch", App::new(1))
        .with("analyse", App::new(1).on("duty-changed"));
    let now = Time::from_unix_s(1_772_366_400);
    let file = Path::new(&folder).join("events.db");
    let engine = Engine::open(&file, "ledger", apps, &mut NoClosings, now)?;
    let mut number = 0;
    println!("| call | bytes | µs | fuel | ns a unit |\n|---|--:|--:|--:|--:|");
    for (name, bytes, count) in [
        ("emit", 0, 1_000),
        ("emit", 1_024, 1_000),
        ("emit", 65_536, 200),
        ("emit", 1 << 20, 16),
        ("emit to nobody", 1_024, 1_000),
        ("schedule", 0, 1_000),
        ("schedule", 1_024, 1_000),
        ("schedule cron", 0, 1_000),
        ("schedule rare cron", 0, 1_000),
    ] {
        let mut least = Duration::MAX;
        for _ in 0..TIMES {
            number += 1;
            let mut run = engine.run(RunId(number), "watch", allowed(), now);
            let payload = vec![b'a'; bytes];
            let began = Instant::now();
            for _ in 0..count {
                call(&mut run, name, payload.clone())?;
            }
            run.prepare(true)?;
            run.settle(Ending::Completed, "completed", now)?;
            least = least.min(began.elapsed());
            clear(&engine, &mut number, now)?;
        }
        let (base, per_byte) = if name.starts_with("emit") {
            EMIT
        } else {
            SCHEDULE
        };
        let fuel = base + per_byte * bytes as u64;
        let nanos = least.as_nanos() as f64 / f64::from(count);
        println!(
            "| {name} | {bytes} | {:.1} | {fuel} | {:.3} |",
            nanos / 1_000.0,
            nanos / fuel as f64
        );
    }
    Ok(())
}

fn allowed() -> Allowed {
    Allowed {
        emits: Granted::All,
        schedules: Granted::All,
        ..Allowed::default()
    }
}

fn call(run: &mut Run, name: &str, payload: Vec<u8>) -> Result<(), EventError> {
    let (cron, run_at) = match name {
        "emit" => return run.emit("duty-changed", "watch", payload).map(drop),
        "emit to nobody" => return run.emit("gap-found", "watch", payload).map(drop),
        "schedule cron" => (Some("*/5 6-18 * * mon-fri"), None),
        // The search goes through almost eight years.
        "schedule rare cron" => (Some("59 23 29 2 *"), None),
        _ => (None, Some(2_000_000_000)),
    };
    let task = Task {
        name: "remind".to_owned(),
        cron: cron.map(str::to_owned),
        run_at,
        target: "analyse".to_owned(),
        payload,
    };
    run.schedule(task).map(drop)
}

/// Removes what was made, so that the file stays small.
fn clear(engine: &Engine, number: &mut u64, now: Time) -> Result<(), EngineError> {
    loop {
        let waiting = engine.deliveries(DeliveryId(0), 1_000)?;
        if waiting.is_empty() {
            break;
        }
        for delivery in waiting {
            engine.drop_delivery(delivery.id)?;
        }
    }
    *number += 1;
    let mut run = engine.run(RunId(*number), "watch", allowed(), now);
    for task in engine.tasks(TaskId(0), 1_000)? {
        let _ = run.cancel(task.id)?;
    }
    run.prepare(true)?;
    run.settle(Ending::Completed, "completed", now)
}
