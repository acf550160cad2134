//! The process that is killed: it takes events from outside, and four workers run what is delivered.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use fractalaw_events_engine::*;
use sha2::{Digest, Sha256};

use super::book::{self, Book};
use crate::lab::{all, cron, once};

/// Set for the process: the folder of its files, and what it does.
pub(super) const FOLDER: &str = "FRACTALAW_EVENTS_TEST_FOLDER";
pub(super) const TASK: &str = "FRACTALAW_EVENTS_TEST_TASK";
/// It takes nothing from outside, and ends when nothing is left.
pub(super) const DRAIN: &str = "drain";
/// The runs that it starts do not end.
pub(super) const HOLD: &str = "hold";

const WORKERS: usize = 4;

/// Nothing dies, however often the host is killed.
fn app(event_type: &str, concurrency: u32) -> App {
    App {
        attempts: Some(u32::MAX),
        ..App::new(concurrency).on(event_type)
    }
}

pub(super) fn apps() -> Apps {
    Apps::default()
        .with("first", app("start", 3))
        .with("line", app("middle", 1))
        .with("pool", app("middle", 9))
        .with("later", app("none", 2))
        .with("ticker", app("none", 1))
}

struct Host {
    engine: Engine,
    book: Book,
    drains: bool,
    holds: bool,
    is_empty: AtomicBool,
}

#[test]
fn works_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let task = std::env::var(TASK).unwrap();
    let host = open(&folder, &task);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while !host.is_empty.load(Ordering::Relaxed) {
                    host.work();
                }
            });
        }
        if !host.drains {
            scope.spawn(|| {
                loop {
                    host.accept();
                }
            });
        }
    });
}

fn open(folder: &Path, task: &str) -> Host {
    let book = Book::open(folder);
    let mut lines = book::read(folder);
    let engine = Engine::open(
        &folder.join("events.db"),
        "book",
        apps(),
        &mut lines,
        book.now(),
    );
    let host = Host {
        engine: engine.unwrap(),
        book,
        drains: task == DRAIN,
        holds: task == HOLD,
        is_empty: AtomicBool::new(false),
    };
    if host.engine.tasks(TaskId(0), 1).unwrap().is_empty() {
        // The first run of all, until it completed.
        let id = RunId(host.book.append("open manual"));
        let mut run = host.engine.run(id, "ticker", all(), host.book.now());
        let task = run
            .schedule(cron("minutely", "* * * * *", "ticker"))
            .unwrap();
        host.end(run, id, "completed", &[format!("cron:{}", task.0)]);
    }
    host
}

/// Lines are whole, whichever thread prints them.
fn say(what: &str) {
    let _ = std::io::stdout()
        .lock()
        .write_all(format!("at {what}\n").as_bytes());
}

impl Host {
    fn accept(&self) {
        let id = EventId(RunId(self.book.append("accept")).made(1));
        let event = Outside {
            id,
            event_type: "start".to_owned(),
            source: "outside".to_owned(),
            payload: b"outside".to_vec(),
        };
        self.engine.accept(event).unwrap().unwrap();
        say(&format!("accepted {}.", id.0));
        // So that the workers keep up.
        while self.engine.backlog().deliveries > 20 {
            std::thread::yield_now();
        }
    }

    fn work(&self) {
        let now = self.book.now();
        let Some(claim) = self.engine.claim(now, 1).unwrap().pop() else {
            return self.wait();
        };
        let delivery = claim.delivery().clone();
        let missed = match delivery.trigger {
            Trigger::Cron { missed, .. } => missed,
            _ => 0,
        };
        let id = RunId(
            self.book
                .append(&format!("open {}+{missed}", delivery.key())),
        );
        let (mut run, _) = claim.start(id, all(), self.book.now()).unwrap();
        say("started");
        if self.holds {
            say("held");
            loop {
                std::thread::park();
            }
        }
        let made = stage(&mut run, &delivery, now);
        self.end(run, id, outcome(id), &made);
    }

    fn end(&self, mut run: Run, id: RunId, outcome: &str, made: &[String]) {
        run.prepare(outcome == "completed").unwrap();
        say("prepared");
        self.book
            .append(format!("close {} {outcome} {}", id.0, made.join(" ")).trim_end());
        say("closed");
        run.settle(Ending::of(outcome), outcome, self.book.now())
            .unwrap();
        say("settled");
    }

    /// Nothing can be claimed. If something waits for its time, time goes on by itself.
    fn wait(&self) {
        let is_empty = self.engine.backlog().deliveries == 0;
        let tasks = self.engine.tasks(TaskId(0), 9).unwrap();
        if !is_empty || tasks.len() > 1 {
            self.book.append("wait");
        } else if self.drains {
            self.is_empty.store(true, Ordering::Relaxed);
        } else {
            std::thread::yield_now();
        }
    }
}

/// What the run of a delivery does. It says the same in its closing.
fn stage(run: &mut Run, delivery: &Delivery, now: Time) -> Vec<String> {
    let mut made = Vec::new();
    let app = &*delivery.app;
    let mut emit = |run: &mut Run, event_type: &str| {
        let id = run.emit(event_type, app, vec![0; 300]).unwrap();
        made.push(format!("{event_type}:{}", id.0));
    };
    match app {
        "first" => {
            emit(run, "middle");
            emit(run, "middle");
            let soon = run
                .schedule(once("soon", now.unix_s() + 3, "later"))
                .unwrap();
            let never = run.schedule(once("never", now.unix_s(), "later")).unwrap();
            run.cancel(never).unwrap().unwrap();
            made.push(format!("at:{}", soon.0));
        }
        "line" => emit(run, "end"),
        _ => {}
    }
    made
}

/// A third of all runs fail, in each way.
fn outcome(run: RunId) -> &'static str {
    match Sha256::digest(run.0.to_be_bytes())[0] % 12 {
        0 | 1 => "trap",
        2 => "deadline-exceeded",
        3 => "interrupted",
        _ => "completed",
    }
}
