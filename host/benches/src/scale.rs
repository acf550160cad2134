//! Many runs: on two threads, far more than there are slots, and for a long time.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fractalaw_host::{Host, MicroApp, Outcome, Report, Run};
use tokio::runtime::{Builder, Runtime};

use fractalaw_measure::pairs;
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};

const SLOTS: u32 = 64;
const AT_ONCE: u32 = 10_000;

fn hello_world(flags: &Flags) -> Result<(Host, MicroApp)> {
    let host = Host::builder().slots(SLOTS).build()?;
    let app = host.load_file(flags.guests.join("hello-world.wasm"))?;
    Ok((host, app))
}

fn threads(count: usize) -> Result<Runtime> {
    Ok(Builder::new_multi_thread()
        .worker_threads(count)
        .enable_time()
        .build()?)
}

async fn complete(host: &Host, app: &MicroApp) -> Report {
    let report = host.run(app, &Run::new()).await.expect("it ran before");
    assert!(
        matches!(report.outcome, Outcome::Completed(_)),
        "{:?}",
        report.outcome
    );
    report
}

/// Runs `total` runs in `tasks` tasks, each task one after the other.
fn in_tasks(runtime: &Runtime, (host, app): &(Host, MicroApp), tasks: u32, total: u32) -> u32 {
    runtime.block_on(async {
        let tasks: Vec<_> = (0..tasks)
            .map(|_| {
                let (host, app) = (host.clone(), app.clone());
                tokio::spawn(async move {
                    for _ in 0..total / tasks {
                        complete(&host, &app).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no run panics");
        }
    });
    total / tasks * tasks
}

/// Two threads beside one.
pub(crate) fn two_threads(flags: &Flags, table: &mut Table) -> Result<()> {
    let subject = hello_world(flags)?;
    let (two, one) = (threads(2)?, threads(1)?);
    let pair = pairs::measure(
        30,
        || in_tasks(&two, &subject, 2, 4000),
        || in_tasks(&one, &subject, 2, 4000),
    );
    table.add(Row::per_second("scale/two-threads", &pair, 1.9));
    Ok(())
}

/// Ten thousand runs submitted at once to 64 slots, beside as many in batches of 64.
pub(crate) fn ten_thousand_at_once(flags: &Flags, table: &mut Table) -> Result<()> {
    let subject = Arc::new(hello_world(flags)?);
    let runtime = threads(2)?;
    let mut waits = Vec::new();
    let pair = pairs::measure(
        20,
        || {
            waits = runtime.block_on(submit(&subject, AT_ONCE));
            AT_ONCE
        },
        || {
            for _ in 0..AT_ONCE / SLOTS {
                runtime.block_on(submit(&subject, SLOTS));
            }
            AT_ONCE / SLOTS * SLOTS
        },
    );
    table.add(Row::per_second("scale/10000-at-once", &pair, 0.9));
    waits.sort();
    let whole = pair.ours.as_secs_f64() * f64::from(AT_ONCE) * 1e3;
    for (name, percent) in [("p50", 50), ("p99", 99)] {
        let wait = waits[waits.len() * percent / 100].as_secs_f64() * 1e3;
        table.add(Row {
            name: format!("scale/10000-at-once: wait, {name}, of all"),
            unit: Unit::Milliseconds,
            ours: wait,
            reference: whole,
            ratio: wait / whole,
            bar: None,
        });
    }
    Ok(())
}

/// Submits that many runs at once and waits for all. Returns how long each waited, in the runtime's queue and in
/// the host's line.
async fn submit(subject: &Arc<(Host, MicroApp)>, runs: u32) -> Vec<Duration> {
    let runs: Vec<_> = (0..runs)
        .map(|_| {
            let (subject, submitted) = (Arc::clone(subject), Instant::now());
            tokio::spawn(async move {
                let ran = complete(&subject.0, &subject.1).await.durations.run;
                submitted.elapsed().saturating_sub(ran)
            })
        })
        .collect();
    let mut waits = Vec::with_capacity(runs.len());
    for run in runs {
        waits.push(run.await.expect("no run panics"));
    }
    waits
}

/// What the process holds after a million runs, beside what it held after a thousand.
pub(crate) fn million_runs(flags: &Flags, table: &mut Table) -> Result<()> {
    let subject = hello_world(flags)?;
    let runtime = threads(2)?;
    let started = Instant::now();
    in_tasks(&runtime, &subject, 2, 1000);
    let before = Held::now()?;
    in_tasks(&runtime, &subject, 2, 999_000);
    let after = Held::now()?;
    eprintln!(
        "  a million runs in {:.1} s",
        started.elapsed().as_secs_f64()
    );
    let mut add = |what: &str, unit, ours: f64, reference: f64, bar| {
        table.add(Row {
            name: format!("scale/million-runs: {what}"),
            unit,
            ours,
            reference,
            ratio: ours / reference,
            bar,
        });
    };
    // Five MiB of growth, as a ratio.
    let room = (before.resident_kib + 5.0 * 1024.0) / before.resident_kib;
    add(
        "resident",
        Unit::KiB,
        after.resident_kib,
        before.resident_kib,
        Some(Bar::AtMost(room)),
    );
    add(
        "threads",
        Unit::Count,
        after.threads,
        before.threads,
        Some(Bar::AtMost(1.0)),
    );
    add(
        "open files",
        Unit::Count,
        after.files,
        before.files,
        Some(Bar::AtMost(1.0)),
    );
    Ok(())
}

/// What a process holds of the system, as Linux reports it.
struct Held {
    resident_kib: f64,
    threads: f64,
    files: f64,
}

impl Held {
    fn now() -> Result<Held> {
        let status = fs::read_to_string("/proc/self/status")?;
        let field = |name: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let figure = line.and_then(|line| line.split_whitespace().next());
            Ok(figure
                .with_context(|| format!("`/proc/self/status` has no `{name}`"))?
                .parse()?)
        };
        #[expect(clippy::cast_precision_loss, reason = "a few files")]
        let files = fs::read_dir("/proc/self/fd")?.count() as f64;
        Ok(Held {
            resident_kib: field("VmRSS:")?,
            threads: field("Threads:")?,
            files,
        })
    }
}
