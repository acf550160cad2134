//! Where the second thread loses. Two threads run batches at the same time, with more or less in common: an engine, a host, a
//! process, the machine.
//!
//! A batch takes about a millisecond, so that many are not interrupted even on a busy machine. The figures are the lower
//! deciles: of a batch alone, and of the slower one of two batches at the same time.

use std::env;
use std::fs;
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use fractalaw_host::{Host, HostBuilder, MicroApp, Run};
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Row, Table, Unit};
use tokio::runtime::{Builder, Runtime};
use wasmtime_wasi::WasiCtx;

use crate::raw::{Metering, Raw};

/// The first argument of a process that runs batches beside its parent. The second is the folder of guests.
pub(crate) const CHILD: &str = "child";

/// The runs of a batch, and the batches of each way.
const BATCH: u32 = 150;
const BATCHES: usize = 1_500;

/// What the two threads have in common.
type Shared = (&'static str, fn(&Path) -> Result<Box<dyn Way>>);

const SHARED: [Shared; 8] = [
    ("the machine, and compute only", |_| Ok(Box::new(Loops))),
    ("the machine: two processes", |guests| {
        Ok(Box::new(Processes::start(guests)?))
    }),
    ("a process: two hosts", |guests| {
        let two = [Subject::new(guests)?, Subject::new(guests)?];
        Ok(Box::new(Hosts(two)))
    }),
    ("a host", |guests| {
        let subject = Subject::new(guests)?;
        Ok(Box::new(Hosts([subject.clone(), subject])))
    }),
    ("a host with one engine", |guests| {
        let subject = Subject::of(Host::builder().shards(1), guests)?;
        Ok(Box::new(Hosts([subject.clone(), subject])))
    }),
    ("Wasmtime alone: a process, with two engines", |guests| {
        Ok(Box::new(Raws([raw(guests)?, raw(guests)?])))
    }),
    ("Wasmtime alone: an engine, with two components", |guests| {
        let one = raw(guests)?;
        let other = Raw::in_engine(&one.engine, &hello_world(guests)?, Metering::BOTH);
        let other = other.map_err(|error| anyhow!("{error:#}"))?;
        Ok(Box::new(Raws([one, Arc::new(other)])))
    }),
    ("Wasmtime alone: an engine and a component", |guests| {
        let one = raw(guests)?;
        Ok(Box::new(Raws([Arc::clone(&one), one])))
    }),
];

/// What a run takes on a thread beside another, for each way of sharing.
pub(crate) fn sharing(flags: &Flags, table: &mut Table) -> Result<()> {
    for (shared, make) in SHARED {
        let mut way = make(&flags.guests)?;
        let (mut alone, mut both) = (Vec::new(), Vec::new());
        for _ in 0..BATCHES {
            alone.push(way.alone());
            both.push(way.both());
        }
        let [alone, both] = [alone, both].map(|mut times| {
            times.sort();
            times[times.len() / 10].as_secs_f64() * 1e6 / f64::from(BATCH)
        });
        table.add(Row {
            name: format!("threads/what two share: {shared}"),
            unit: Unit::Microseconds,
            ours: both,
            reference: alone,
            ratio: both / alone,
            bar: None,
        });
    }
    Ok(())
}

/// Two threads that have something in common.
trait Way {
    fn alone(&mut self) -> Duration;
    /// The time of the slower one.
    fn both(&mut self) -> Duration;
}

#[derive(Clone)]
struct Subject {
    host: Host,
    app: MicroApp,
}

impl Subject {
    fn new(guests: &Path) -> Result<Subject> {
        Subject::of(Host::builder(), guests)
    }

    fn of(builder: HostBuilder, guests: &Path) -> Result<Subject> {
        let host = builder.build()?;
        let app = host.load_file(guests.join("hello-world.wasm"))?;
        Ok(Subject { host, app })
    }

    fn batch(&self, runtime: &Runtime) -> Duration {
        let run = Run::new();
        runtime.block_on(async {
            let start = Instant::now();
            for _ in 0..BATCH {
                black_box(self.host.run(&self.app, &run).await.expect("it ran before"));
            }
            start.elapsed()
        })
    }
}

fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime can be made")
}

/// Does the work on two threads, which wait for each other before they begin.
fn on_two(work: impl Fn(usize) -> Duration + Sync) -> Duration {
    let ready = AtomicUsize::new(0);
    let one = |number| {
        ready.fetch_add(1, Ordering::SeqCst);
        while ready.load(Ordering::SeqCst) < 2 {
            std::hint::spin_loop();
        }
        work(number)
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| one(1));
        let this = one(0);
        this.max(other.join().expect("no run panics"))
    })
}

struct Hosts([Subject; 2]);

impl Way for Hosts {
    fn alone(&mut self) -> Duration {
        self.0[0].batch(&runtime())
    }

    fn both(&mut self) -> Duration {
        on_two(|number| {
            let runtime = runtime();
            self.0[number].batch(&runtime)
        })
    }
}

/// Two threads with raw Wasmtime.
struct Raws([Arc<Raw>; 2]);

fn hello_world(guests: &Path) -> Result<Vec<u8>> {
    Ok(fs::read(guests.join("hello-world.wasm"))?)
}

fn raw(guests: &Path) -> Result<Arc<Raw>> {
    let raw = Raw::new(&hello_world(guests)?, 64, Metering::BOTH);
    Ok(Arc::new(raw.map_err(|error| anyhow!("{error:#}"))?))
}

impl Raws {
    fn batch(&self, number: usize) -> Duration {
        runtime().block_on(async {
            let start = Instant::now();
            for _ in 0..BATCH {
                let returned = self.0[number].run(WasiCtx::builder().build()).await;
                let (text,) = returned.expect("it ran before");
                black_box(text).expect("it ran before");
            }
            start.elapsed()
        })
    }
}

impl Way for Raws {
    fn alone(&mut self) -> Duration {
        self.batch(0)
    }

    fn both(&mut self) -> Duration {
        on_two(|number| self.batch(number))
    }
}

struct Loops;

impl Loops {
    fn batch() -> Duration {
        let start = Instant::now();
        let mut sum = 1_u64;
        for round in 0..1_000_000_u64 {
            sum = black_box(sum.wrapping_mul(round | 1).rotate_left(7));
        }
        black_box(sum);
        start.elapsed()
    }
}

impl Way for Loops {
    fn alone(&mut self) -> Duration {
        Loops::batch()
    }

    fn both(&mut self) -> Duration {
        on_two(|_| Loops::batch())
    }
}

/// This thread, and another process that does a batch for each byte that it gets.
struct Processes {
    subject: Subject,
    other: Child,
}

impl Processes {
    fn start(guests: &Path) -> Result<Processes> {
        let other = Command::new(env::current_exe()?)
            .arg(CHILD)
            .arg(guests)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let subject = Subject::new(guests)?;
        Ok(Processes { subject, other })
    }

    fn other(&mut self) -> Duration {
        let Some(from) = self.other.stdout.as_mut() else {
            return Duration::ZERO;
        };
        let mut nanos = [0; 8];
        from.read_exact(&mut nanos).expect("the other process runs");
        Duration::from_nanos(u64::from_le_bytes(nanos))
    }
}

impl Way for Processes {
    fn alone(&mut self) -> Duration {
        self.subject.batch(&runtime())
    }

    fn both(&mut self) -> Duration {
        let runtime = runtime();
        let to = self.other.stdin.as_mut().expect("it is piped");
        to.write_all(&[1]).expect("the other process runs");
        // Until the other one has certainly begun, and while it goes on.
        self.subject.batch(&runtime);
        let this = self.subject.batch(&runtime);
        this.max(self.other())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.other.stdin = None;
        let _ = self.other.wait();
    }
}

/// Three batches for each byte. The time of the second one counts.
pub(crate) fn child(guests: &Path) -> Result<()> {
    let (subject, runtime) = (Subject::new(guests)?, runtime());
    let mut byte = [0];
    while std::io::stdin().read(&mut byte)? == 1 {
        let times = [(); 3].map(|()| subject.batch(&runtime));
        let nanos = u64::try_from(times[1].as_nanos())?;
        std::io::stdout().write_all(&nanos.to_le_bytes())?;
        std::io::stdout().flush()?;
    }
    Ok(())
}
