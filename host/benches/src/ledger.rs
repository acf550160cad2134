//! Runs that are recorded in a ledger, beside runs whose openings and closings go into a plain file with the same
//! syncs.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fractalaw_host::{Durability, Host, MicroApp, Outcome, Run};
use fractalaw_ledger::{LedgerKey, create, now_unix_ns};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use fractalaw_measure::pairs;
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};

/// Runs at once, as in a pool of the default size.
const AT_ONCE: u32 = 64;

/// Runs of one batch, and batches of each side.
const RUNS: u32 = 6_400;
const BATCHES: usize = 9;

/// The bytes of text that the ledger keeps of one run of `hello-world`: its opening, its entry and its closing.
const OPENING_BYTES: usize = 700;
const CLOSING_BYTES: usize = 700;

/// The most requests that one sync answers, as in the ledger.
const GROUP: usize = 256;

/// The runs a second that a ledger should take on a disk on which the prototype does 15 500.
const RUNS_PER_SECOND: f64 = 10_000.0;
const FOR_PROTOTYPE: f64 = RUNS_PER_SECOND / 15_500.0;

/// 64 runs at once that are on disk before they have a report.
pub(crate) fn at_once(flags: &Flags, table: &mut Table) -> Result<()> {
    // A folder in memory would have no syncs.
    fs::create_dir_all(&flags.records)?;
    let folder = tempfile::tempdir_in(&flags.records)?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()?;
    let ours = Arc::new(Recorded::new(flags, folder.path())?);
    let prototype = Arc::new(Prototype::new(flags, folder.path())?);
    let mut times = [Vec::new(), Vec::new()];
    let [our_times, prototype_times] = &mut times;
    let pair = pairs::measure(
        BATCHES,
        || {
            submit(&runtime, our_times, &ours, |ours| async move {
                ours.run().await
            })
        },
        || {
            submit(
                &runtime,
                prototype_times,
                &prototype,
                |prototype| async move {
                    prototype.run().await;
                },
            )
        },
    );
    table.add(Row::per_second(
        "ledger/64-at-once, `--durability run`",
        &pair,
        FOR_PROTOTYPE,
    ));
    let ours = 1.0 / pair.ours.as_secs_f64();
    table.add(Row {
        name: "ledger/64-at-once: beside what is asked".to_owned(),
        unit: Unit::PerSecond,
        ours,
        reference: RUNS_PER_SECOND,
        ratio: ours / RUNS_PER_SECOND,
        bar: Some(Bar::AtLeast(1.0)),
    });
    let [ours, reference] = times.map(|mut times| {
        times.sort();
        times[times.len() * 99 / 100].as_secs_f64() * 1e3
    });
    table.add(Row {
        name: "ledger/64-at-once: a run, p99".to_owned(),
        unit: Unit::Milliseconds,
        ours,
        reference,
        ratio: ours / reference,
        bar: None,
    });
    Ok(())
}

/// Does the runs in as many tasks as there are runs at once, and notes how long each took.
fn submit<S, F>(
    runtime: &Runtime,
    times: &mut Vec<Duration>,
    subject: &Arc<S>,
    run: fn(Arc<S>) -> F,
) -> u32
where
    S: Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    runtime.block_on(async {
        let tasks: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let subject = Arc::clone(subject);
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    for _ in 0..RUNS / AT_ONCE {
                        let start = Instant::now();
                        run(Arc::clone(&subject)).await;
                        times.push(start.elapsed());
                    }
                    times
                })
            })
            .collect();
        for task in tasks {
            times.extend(task.await.expect("no run panics"));
        }
    });
    RUNS
}

async fn complete(host: &Host, app: &MicroApp) {
    let report = host.run(app, &Run::new()).await.expect("it is recorded");
    assert!(matches!(report.outcome, Outcome::Completed(_)));
}

/// A host with a ledger.
struct Recorded {
    host: Host,
    app: MicroApp,
}

impl Recorded {
    fn new(flags: &Flags, folder: &Path) -> Result<Recorded> {
        let path = folder.join("audit.ledger");
        let key = LedgerKey::from_seed(&[7; 32]).public_key();
        create(&path, "bench", &key, now_unix_ns())?;
        let host = Host::builder()
            .slots(AT_ONCE)
            .ledger(&path, Durability::Run);
        let host = host.build()?;
        let app = host.load_file(flags.guests.join("hello-world.wasm"))?;
        Ok(Recorded { host, app })
    }

    async fn run(&self) {
        complete(&self.host, &self.app).await;
    }
}

/// A host without a ledger, and a thread that appends to a file: what waits is one write and one sync.
struct Prototype {
    host: Host,
    app: MicroApp,
    requests: Sender<Request>,
}

struct Request {
    bytes: Vec<u8>,
    on_disk: oneshot::Sender<()>,
}

impl Prototype {
    fn new(flags: &Flags, folder: &Path) -> Result<Prototype> {
        let file = File::options()
            .create_new(true)
            .append(true)
            .open(folder.join("plain"))
            .context("cannot make a file")?;
        let (requests, waiting) = mpsc::channel();
        thread::spawn(move || append(file, &waiting));
        let host = Host::builder().slots(AT_ONCE).build()?;
        let app = host.load_file(flags.guests.join("hello-world.wasm"))?;
        Ok(Prototype {
            host,
            app,
            requests,
        })
    }

    async fn run(&self) {
        self.write(OPENING_BYTES).await;
        complete(&self.host, &self.app).await;
        self.write(CLOSING_BYTES).await;
    }

    async fn write(&self, bytes: usize) {
        let (on_disk, answer) = oneshot::channel();
        let bytes = vec![b'x'; bytes];
        let request = Request { bytes, on_disk };
        self.requests.send(request).expect("the thread runs");
        answer.await.expect("the disk takes it");
    }
}

fn append(mut file: File, waiting: &Receiver<Request>) {
    while let Ok(first) = waiting.recv() {
        let mut bytes = first.bytes;
        let mut answers = vec![first.on_disk];
        for request in waiting.try_iter().take(GROUP - 1) {
            bytes.extend(request.bytes);
            answers.push(request.on_disk);
        }
        file.write_all(&bytes).expect("the disk takes it");
        file.sync_data().expect("the disk takes it");
        for answer in answers {
            let _ = answer.send(());
        }
    }
}
