//! How many deliveries a second a supervisor runs of a real guest, how long one waits for its start, and how much memory
//! the process has meanwhile:
//!
//!     cargo run --release -p fractalaw-serve --example deliveries -- target/guests/hello-world.wasm FOLDER [DELIVERIES]
//!
//! First, senders send as fast as the supervisor takes events. Then they send half as fast as it ran them. The time from
//! an event to its run is the one between their entries in the ledger: from before the event is on disk to before the
//! run's opening is.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use fractalaw_host::Manifest;
use fractalaw_ledger::{LedgerError, Reader};
use fractalaw_serve::clock::SystemClock;
use fractalaw_serve::config::Config;
use fractalaw_serve::{ServeError, Setup, Supervisor};
use fractalaw_testing::with_manifest;
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const DELIVERIES: u64 = 1_000_000;
const SENDERS: u64 = 32;
const SLOTS: u32 = 64;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let expected = "expected a component and a folder";
    let (component, folder) = arguments.next().zip(arguments.next()).ok_or(expected)?;
    let deliveries = match arguments.next() {
        Some(text) => text.parse()?,
        None => DELIVERIES,
    };
    let place = tempfile::tempdir_in(folder)?;
    let place = place.path();
    write(place, &fs::read(component)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let supervisor = Supervisor::start(Setup {
        folder: place.to_owned(),
        config: Config::load(place).map_err(ServeError::from)?,
        clock: Arc::new(SystemClock),
        offer: Box::new(|builder| builder),
        lines: String::new(),
    })?;
    runtime.block_on(supervisor.load_new());
    let served = supervisor.clone();
    let task = runtime.spawn(async move { served.run().await });

    let begin = Instant::now();
    let watch = memory(&supervisor, deliveries);
    send(&supervisor, deliveries, Duration::ZERO)?;
    runtime.block_on(supervisor.ended().wait_for(|ended| *ended >= deliveries))?;
    let rate = deliveries as f64 / begin.elapsed().as_secs_f64();
    let samples = watch.join().map_err(|_| "the watch failed")?;
    println!("{deliveries} deliveries, {SLOTS} slots: {rate:.0} a second");
    println!("resident memory at each tenth, in MiB: {samples:?}");

    let paced = (deliveries / 10).max(SENDERS);
    let pause = Duration::from_secs_f64(2.0 * SENDERS as f64 / rate);
    let first = send(&supervisor, paced, pause)?;
    let all = deliveries + paced;
    runtime.block_on(supervisor.ended().wait_for(|ended| *ended >= all))?;
    supervisor.stop();
    runtime.block_on(task)??;
    let waits = waits(&place.join("audit.ledger"), first)?;
    let at = |part: f64| waits[(waits.len() as f64 * part) as usize] as f64 / 1e6;
    println!(
        "event to start at half of that rate: median {:.1} ms, 99 of 100 {:.1} ms",
        at(0.5),
        at(0.99)
    );
    Ok(())
}

fn write(place: &Path, component: &[u8]) -> Outcome<()> {
    let manifest = Manifest {
        asks: BTreeMap::from([("on".to_owned(), json!(["go"]))]),
        ..Manifest::default()
    };
    fs::write(
        place.join("guest.wasm"),
        with_manifest(component, &manifest),
    )?;
    fs::write(place.join("policy.toml"), "[all]\non.go = true\n")?;
    let config = format!(
        "[serve]\npolicy = \"policy.toml\"\nslots = {SLOTS}\nlisten = false\n[apps.guest]\nsource = \"guest.wasm\"\n"
    );
    Ok(fs::write(place.join("fractalaw.toml"), config)?)
}

/// Sends so many events, each sender with this time between two. Returns the lowest number.
fn send(supervisor: &Supervisor, events: u64, pause: Duration) -> Outcome<u64> {
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let supervisor = supervisor.clone();
            let own = events / SENDERS + u64::from(sender < events % SENDERS);
            thread::spawn(move || {
                let (mut first, mut next) = (u64::MAX, Instant::now());
                for _ in 0..own {
                    thread::sleep(next.saturating_duration_since(Instant::now()));
                    next += pause;
                    let taken = supervisor.emit("go", "bench", vec![b'x'; 200])?;
                    first = first.min(taken.event.0);
                }
                Ok::<_, ServeError>(first)
            })
        })
        .collect();
    let mut first = u64::MAX;
    for sender in senders {
        first = first.min(sender.join().map_err(|_| "a sender failed")??);
    }
    Ok(first)
}

/// Looks at this process's memory each time another tenth of the deliveries has ended.
fn memory(supervisor: &Supervisor, deliveries: u64) -> thread::JoinHandle<Vec<u64>> {
    let ended = supervisor.ended();
    thread::spawn(move || {
        let mut samples = Vec::new();
        while samples.len() < 10 {
            if *ended.borrow() >= deliveries * (samples.len() as u64 + 1) / 10 {
                samples.push(resident_mib());
            } else {
                thread::sleep(Duration::from_millis(10));
            }
        }
        samples
    })
}

fn resident_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// The times from events to their runs in nanoseconds, in order, from this event on.
fn waits(ledger: &Path, first: u64) -> Outcome<Vec<u64>> {
    let mut accepted = HashMap::new();
    let mut waits = Vec::new();
    let read = Reader::open(ledger)?.visit(first >> 16, |entry| {
        match &*entry.event_type {
            "event-accepted" => {
                accepted.insert(entry.entry_id << 16 | 1, entry.timestamp);
            }
            "run-opened" => {
                let detail: serde_json::Value =
                    serde_json::from_str(&entry.detail).unwrap_or_default();
                let event = detail["trigger"]["event"].as_u64();
                if let Some(begin) = event.and_then(|event| accepted.remove(&event)) {
                    waits.push(entry.timestamp.saturating_sub(begin));
                }
            }
            _ => {}
        }
        Ok::<_, LedgerError>(())
    });
    read?;
    waits.sort_unstable();
    match waits.is_empty() {
        true => Err("no run of the second part is in the ledger".into()),
        false => Ok(waits),
    }
}
