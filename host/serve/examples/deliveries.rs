//! How many deliveries a second a supervisor runs of a real guest, how long one takes, how much memory the process has
//! and how large its files are meanwhile, and how long a start takes with a backlog:
//!
//!     cargo run --release -p fractalaw-serve --example deliveries -- target/guests/hello-world.wasm FOLDER [DELIVERIES]
//!
//! First, senders send as fast as the supervisor takes events. Then they send half as fast as it ran them. Times of
//! single deliveries are those between entries in the ledger: from before the event is on disk to before the run's
//! opening is, and to before its closing is. At last, a tenth as many events wait for an app without runs, and the
//! supervisor is started again with runs for it.

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
use tokio::runtime::Runtime;

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
    let started = Instant::now();
    let serving = Serving::start(place, &runtime)?;
    println!("first start, which compiles: {:.1?}", started.elapsed());

    let begin = Instant::now();
    let watch = watch(&serving.supervisor, place, deliveries);
    send(&serving.supervisor, deliveries, Duration::ZERO)?;
    serving.wait(&runtime, deliveries)?;
    let rate = deliveries as f64 / begin.elapsed().as_secs_f64();
    println!("{deliveries} deliveries, {SLOTS} slots: {rate:.0} a second");
    println!("at each tenth: resident memory, ledger, events.db in MiB");
    for sample in watch.join().map_err(|_| "the watch failed")? {
        println!("  {sample:?}");
    }

    let paced = (deliveries / 10).max(SENDERS);
    let pause = Duration::from_secs_f64(2.0 * SENDERS as f64 / rate);
    let first = send(&serving.supervisor, paced, pause)?;
    serving.wait(&runtime, deliveries + paced)?;
    serving.stop(&runtime)?;
    let waits = waits(&place.join("audit.ledger"), first)?;
    for (what, times) in ["start", "end"].iter().zip(&waits) {
        let at = |part: f64| times[(times.len() as f64 * part) as usize] as f64 / 1e6;
        println!(
            "event to the run's {what} at half of that rate: median {:.1} ms, 99 of 100 {:.1} ms",
            at(0.5),
            at(0.99)
        );
    }

    configure(place, "concurrency = 0")?;
    let serving = Serving::start(place, &runtime)?;
    send(&serving.supervisor, paced, Duration::ZERO)?;
    serving.stop(&runtime)?;
    configure(place, "")?;
    let begin = Instant::now();
    let serving = Serving::start(place, &runtime)?;
    let started = begin.elapsed();
    serving.wait(&runtime, 1)?;
    println!(
        "start with {paced} events that wait: ready after {started:.1?}, the first run has ended after {:.1?}",
        begin.elapsed()
    );
    serving.wait(&runtime, paced)?;
    serving.stop(&runtime)?;
    println!("resident memory then: {} MiB", resident_mib());
    Ok(())
}

/// A supervisor that runs.
struct Serving {
    supervisor: Supervisor,
    task: tokio::task::JoinHandle<Result<(), ServeError>>,
}

impl Serving {
    fn start(place: &Path, runtime: &Runtime) -> Outcome<Serving> {
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
        Ok(Serving { supervisor, task })
    }

    /// Waits until so many runs have ended since its start.
    fn wait(&self, runtime: &Runtime, runs: u64) -> Outcome<()> {
        let mut ended = self.supervisor.ended();
        runtime.block_on(ended.wait_for(|ended| *ended >= runs))?;
        Ok(())
    }

    fn stop(self, runtime: &Runtime) -> Outcome<()> {
        self.supervisor.stop();
        Ok(runtime.block_on(self.task)??)
    }
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
    configure(place, "")
}

fn configure(place: &Path, of_app: &str) -> Outcome<()> {
    let config = format!(
        "[serve]\npolicy = \"policy.toml\"\nslots = {SLOTS}\nlisten = false\n\
         [apps.guest]\nsource = \"guest.wasm\"\n{of_app}\n"
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

/// Looks at the process and its files each time another tenth of the deliveries has ended.
fn watch(
    supervisor: &Supervisor,
    place: &Path,
    deliveries: u64,
) -> thread::JoinHandle<Vec<[u64; 3]>> {
    let (ended, place) = (supervisor.ended(), place.to_owned());
    thread::spawn(move || {
        let mut samples = Vec::new();
        while samples.len() < 10 {
            if *ended.borrow() >= deliveries * (samples.len() as u64 + 1) / 10 {
                let files = ["audit.ledger", "events.db"].map(|name| file_mib(&place, name));
                samples.push([resident_mib(), files[0], files[1]]);
            } else {
                thread::sleep(Duration::from_millis(10));
            }
        }
        samples
    })
}

/// A file of SQLite with its log.
fn file_mib(place: &Path, name: &str) -> u64 {
    let of = |name: &str| fs::metadata(place.join(name)).map_or(0, |file| file.len());
    (of(name) + of(&format!("{name}-wal"))) >> 20
}

fn resident_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// The times from events to the openings and to the closings of their runs in nanoseconds, in order, from this event on.
fn waits(ledger: &Path, first: u64) -> Outcome<[Vec<u64>; 2]> {
    let (mut accepted, mut open) = (HashMap::new(), HashMap::new());
    let mut waits = [Vec::new(), Vec::new()];
    let read = Reader::open(ledger)?.visit(first >> 16, |entry| {
        let run = entry.run_id.unwrap_or_default();
        match &*entry.event_type {
            "event-accepted" => {
                accepted.insert(entry.entry_id << 16 | 1, entry.timestamp);
            }
            "run-opened" => {
                let detail: serde_json::Value =
                    serde_json::from_str(&entry.detail).unwrap_or_default();
                let event = detail["trigger"]["event"].as_u64();
                if let Some(begin) = event.and_then(|event| accepted.remove(&event)) {
                    waits[0].push(entry.timestamp.saturating_sub(begin));
                    open.insert(run, begin);
                }
            }
            "run-closed" => {
                if let Some(begin) = open.remove(&run) {
                    waits[1].push(entry.timestamp.saturating_sub(begin));
                }
            }
            _ => {}
        }
        Ok::<_, LedgerError>(())
    });
    read?;
    waits.iter_mut().for_each(|waits| waits.sort_unstable());
    match waits.iter().any(Vec::is_empty) {
        true => Err("no run of the second part is in the ledger".into()),
        false => Ok(waits),
    }
}
