//! Calls of a guest to events and schedules: types, payloads, names, cron expressions, times and ids.
//!
//! Each line of the input is a call: `emit|TYPE|SOURCE|PAYLOAD`, `schedule|NAME|CRON|RUN-AT|TARGET|PAYLOAD` or `cancel|ID`,
//! where an empty CRON or RUN-AT is left out. The calls are made in a run that delivers nothing and in one that does. Both
//! must answer alike, and what was accepted must be what is delivered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use fractalaw_events_engine::{
    Allowed, App, Apps, DeliveryId, Ending, Engine, EventError, Granted, NoClosings, Quotas, Run,
    RunId, Schedule, Step, Task, TaskId, Time,
};
use tempfile::TempDir;

use crate::check;

/// 2025-01-01T00:00:00Z.
const NOW_S: i64 = 1_735_689_600;

/// Small, so that inputs reach them.
const QUOTAS: Quotas = Quotas {
    events: 8,
    bytes: 1_000,
    tasks: 8,
};

/// The number of the next run. No number is used twice in a file.
static NEXT: AtomicU64 = AtomicU64::new(1);

static ENGINE: LazyLock<Mutex<(Engine, TempDir)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let apps = Apps::default()
        .with("watch", App::new(1))
        .with("analyse", App::new(1).on("duty-changed"));
    let path = folder.path().join("events.db");
    let engine = Engine::open(&path, "ledger", apps, &mut NoClosings, now());
    Mutex::new((engine.expect("a new file can be opened"), folder))
});

fn now() -> Time {
    Time::from_unix_s(NOW_S)
}

fn allowed() -> Allowed {
    Allowed {
        emits: Granted::names(&["duty-changed", "gap-found"]),
        schedules: Granted::names(&["watch", "analyse"]),
        quotas: QUOTAS,
    }
}

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let number = RunId(NEXT.fetch_add(1, Ordering::Relaxed));
    let held = ENGINE.lock().unwrap_or_else(PoisonError::into_inner);
    let (engine, _) = &*held;
    let mut alone = Run::alone(number, "watch", allowed(), now());
    let mut delivered = engine.run(number, "watch", allowed(), now());
    for line in text.lines().take(64) {
        let [first, second] = [&mut alone, &mut delivered].map(|run| call(run, line));
        assert_eq!(first, second, "{line:?}");
        if let Some(Err(error)) = first {
            refused(&error);
        }
    }
    assert_eq!(alone.steps(), delivered.steps());
    staged(&alone);
    let steps = delivered.steps().to_vec();
    delivered.prepare(true).expect("the file can be written");
    let settled = delivered.settle(Ending::Completed, "completed", now());
    settled.expect("the file can be written");
    delivered_as(engine, &steps);
}

/// Makes a call. `None` if the line is none.
fn call(run: &mut Run, line: &str) -> Option<Result<u64, EventError>> {
    let fields: Vec<&str> = line.split('|').collect();
    match fields[..] {
        ["emit", event_type, source, payload] => {
            let id = run.emit(event_type, source, payload.as_bytes().to_vec());
            Some(id.map(|id| id.0))
        }
        ["schedule", name, cron, run_at, target, payload] => {
            let id = run.schedule(Task {
                name: name.to_owned(),
                cron: (!cron.is_empty()).then(|| cron.to_owned()),
                run_at: run_at.parse().ok(),
                target: target.to_owned(),
                payload: payload.as_bytes().to_vec(),
            });
            Some(id.map(|id| id.0))
        }
        ["cancel", id] => {
            // Counted from the run's first, so that inputs hit ids that exist.
            let id: u16 = id.parse().ok()?;
            let id = TaskId(first(run).wrapping_add(u64::from(id)));
            let cancelled = run.cancel(id).expect("the file can be read");
            Some(cancelled.map(|()| id.0))
        }
        _ => None,
    }
}

/// The id of what the run made first, if anything.
fn first(run: &Run) -> u64 {
    let id = run.steps().iter().find_map(|step| match step {
        Step::Emit(event) => Some(event.id.0),
        Step::Schedule(task) => Some(task.id.0),
        Step::Cancel(_) => None,
    });
    id.unwrap_or(0)
}

fn refused(error: &EventError) {
    check::printable(&error.message);
    let code = error.code as u32;
    assert!((1..=13).contains(&code), "{code}");
    assert!(!error.message.is_empty() && error.message.len() < 1_000);
}

/// What was accepted is within every bound.
fn staged(run: &Run) {
    let (mut events, mut bytes, mut tasks) = (0, 0, 0);
    for step in run.steps() {
        match step {
            Step::Emit(event) => {
                events += 1;
                bytes += event.payload.len() as u64;
                assert!(["duty-changed", "gap-found"].contains(&&*event.event_type));
                assert_eq!(event.source, "watch");
            }
            Step::Schedule(task) => {
                tasks += 1;
                bytes += task.payload.len() as u64;
                assert!(!task.name.chars().any(char::is_control));
                if let Some(cron) = &task.cron {
                    let schedule = Schedule::parse(cron).expect("it was accepted");
                    assert_eq!(task.first, schedule.after(now()));
                    assert!(task.first.is_some_and(|first| first > now()), "{cron:?}");
                }
            }
            Step::Cancel(_) => {}
        }
    }
    assert!(events <= QUOTAS.events && bytes <= QUOTAS.bytes && tasks <= QUOTAS.tasks);
}

/// Each event is delivered to its subscriber, and then nothing of it is left.
fn delivered_as(engine: &Engine, steps: &[Step]) {
    let expected: Vec<_> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Emit(event) if event.event_type == "duty-changed" => Some(event.id),
            _ => None,
        })
        .collect();
    let waiting = engine
        .deliveries(DeliveryId(0), 100)
        .expect("the file can be read");
    let found: Vec<_> = waiting
        .iter()
        .filter_map(|delivery| delivery.event)
        .collect();
    assert_eq!(found, expected);
    for delivery in waiting {
        let dropped = engine.drop_delivery(delivery.id);
        assert!(dropped.expect("the file can be written"));
    }
    // Later inputs find no task of this one.
    for task in engine.tasks(TaskId(0), 100).expect("the file can be read") {
        let number = RunId(NEXT.fetch_add(1, Ordering::Relaxed));
        let mut run = engine.run(number, &task.owner, allowed(), now());
        let cancelled = run.cancel(task.id).expect("the file can be read");
        cancelled.expect("its owner cancels it");
        run.prepare(true).expect("the file can be written");
        let settled = run.settle(Ending::Completed, "completed", now());
        settled.expect("the file can be written");
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "emit|duty-changed|watch|duty 7\nemit|gap-found|watch|\nemit|duty-changed|other|x\nemit|Duty|watch|x",
        "schedule|remind|0 6 * * 1|||watch|now\nschedule|remind|0 6 * * 1||watch|now\ncancel|0\ncancel|0\ncancel|9",
        "schedule|once||1772366400|analyse|x\nschedule|past||0|watch|\nschedule|far||99999999999999|watch|",
        "schedule|a|0 0 30 2 *||watch|\nschedule|b|*/7,5-9/2 * 1,31 feb-dec mon-fri||watch|\nschedule|c|@daily||watch|",
        "schedule|d|0 0 L * *||watch|\nschedule|e|* * * * 5#3||watch|\nschedule|f|* * * * *|5|watch|\nschedule|g|||watch|",
        "schedule|h|59 23 29 2 7||analyse|\nschedule|i|60 * * * *||watch|\nschedule|j|1-0 * * * *||watch|",
    ];
    let flood = "emit|duty-changed|watch|aaaaaaaaaaaaaaaa\n".repeat(12);
    let mut seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    seeds.push(flood.into_bytes());
    seeds
}
