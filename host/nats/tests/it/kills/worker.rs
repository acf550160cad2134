//! The process of a node's engine: it takes events from outside, and two workers run what is delivered.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fractalaw_events_engine::*;

use super::book::{self, Book};

/// Set for the process: the folder of its files, the name of its ledger, and what it does.
pub(super) const FOLDER: &str = "FRACTALAW_NATS_TEST_FOLDER";
pub(super) const NAME: &str = "FRACTALAW_NATS_TEST_NAME";
pub(super) const TASK: &str = "FRACTALAW_NATS_TEST_TASK";
/// It takes nothing from outside, and fires no ticks.
pub(super) const DRAIN: &str = "drain";
/// The runs that it starts do not end.
pub(super) const HOLD: &str = "hold";
/// The line of a run that does not end.
pub(super) const HELD: &str = "wait held";

const WORKERS: usize = 2;

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
        .with("ticker", app("none", 1))
}

struct Host {
    engine: Engine,
    book: Book,
    drains: bool,
    holds: bool,
}

#[test]
fn works_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let host = open(&folder);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
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

fn open(folder: &Path) -> Host {
    let task = std::env::var(TASK).unwrap_or_default();
    let book = Book::open(folder);
    let mut lines = book::read(folder);
    let member = Member {
        configuration: "config".to_owned(),
        wake: Box::new(|| {}),
    };
    let path = folder.join("events.db");
    let name = std::env::var(NAME).unwrap();
    let engine = Engine::open_in_set(&path, &name, apps(), &mut lines, book.now(), member);
    let host = Host {
        engine: engine.unwrap(),
        book,
        drains: task == DRAIN,
        holds: task == HOLD,
    };
    if host.engine.tasks(TaskId(0), 1).unwrap().is_empty() {
        let id = RunId(host.book.append("open manual"));
        let mut run = host.engine.run(id, "config", all(), host.book.now());
        run.schedule(Task {
            name: "minutely".to_owned(),
            cron: Some("* * * * *".to_owned()),
            run_at: None,
            target: "ticker".to_owned(),
            payload: Vec::new(),
        })
        .unwrap();
        host.end(run, id, "completed", &[]);
    }
    host
}

fn all() -> Allowed {
    Allowed {
        emits: Granted::All,
        schedules: Granted::All,
        quotas: Quotas::default(),
    }
}

impl Host {
    fn accept(&self) {
        while self.engine.backlog().deliveries > 20 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let id = EventId(RunId(self.book.append("accept")).made(1));
        let event = Outside {
            id,
            event_type: "start".to_owned(),
            source: "outside".to_owned(),
            payload: b"outside".to_vec(),
        };
        self.engine.accept(event).unwrap().unwrap();
        // What the file acknowledged.
        self.book.append(&format!("wait accepted:{}", id.0));
    }

    fn work(&self) {
        // Time stands still while it drains, so that ticks end. Retries are due all the same: see `due`.
        let now = if self.drains {
            self.due()
        } else {
            self.book.now()
        };
        let Some(claim) = self.engine.claim(now, 1).unwrap().pop() else {
            return self.wait();
        };
        let delivery = claim.delivery().clone();
        let id = RunId(self.book.append(&format!("open {}", trigger(&delivery))));
        let (mut run, _) = claim.start(id, all(), now).unwrap();
        if self.holds {
            self.book.append(HELD);
            loop {
                std::thread::park();
            }
        }
        let mut made = Vec::new();
        let emitted: &[&str] = match &*delivery.app {
            "first" => &["middle", "middle"],
            "line" => &["end"],
            _ => &[],
        };
        for event_type in emitted {
            let event = run.emit(event_type, &delivery.app, vec![0; 300]).unwrap();
            made.push(format!("{event_type}:{}", event.0));
        }
        self.end(run, id, outcome(id), &made);
    }

    fn end(&self, mut run: Run, id: RunId, outcome: &str, made: &[String]) {
        run.prepare(outcome == "completed").unwrap();
        self.book
            .append(format!("close {} {outcome} {}", id.0, made.join(" ")).trim_end());
        run.settle(Ending::of(outcome), outcome, self.book.now())
            .unwrap();
    }

    /// The time of the next retry, if no tick comes before it.
    fn due(&self) -> Time {
        let now = self.book.now();
        let waiting = self.engine.deliveries(DeliveryId(0), 99).unwrap();
        let due = waiting.into_iter().filter_map(|one| one.due).min();
        let tick = self
            .engine
            .tasks(TaskId(0), 1)
            .unwrap()
            .first()
            .and_then(|task| task.next);
        due.filter(|&due| due > now && tick.is_none_or(|tick| due < tick))
            .unwrap_or(now)
    }

    /// Nothing can be claimed. Time goes on by itself if something waits for it.
    fn wait(&self) {
        let waits = self.engine.deliveries(DeliveryId(0), 1).unwrap();
        if waits.first().is_some_and(|one| one.due.is_some()) {
            self.book.append("wait");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What is delivered, by a name that is the same on all nodes.
fn trigger(delivery: &Delivery) -> String {
    match &delivery.trigger {
        Trigger::Cron {
            name,
            scheduled_for,
            ..
        } => format!("tick:{name}:{}", scheduled_for.unix_s()),
        _ => delivery.key(),
    }
}

/// A third of all runs fail, in each way.
fn outcome(run: RunId) -> &'static str {
    match run.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60 {
        0 | 1 => "trap",
        2 | 3 => "deadline-exceeded",
        4 => "interrupted",
        _ => "completed",
    }
}

/// What is left on a node: what goes out, what waits to come in or runs, what is to be reported without and with an
/// acknowledgement, and deliveries.
pub(super) fn left(folder: &Path) -> [i64; 5] {
    let connection = rusqlite::Connection::open(folder.join("events.db")).unwrap();
    let sql = "SELECT (SELECT count(*) FROM outgoing),
                      (SELECT count(*) FROM incoming WHERE state < 2),
                      (SELECT count(*) FROM incoming WHERE state = 2 AND acknowledged = 0),
                      (SELECT count(*) FROM incoming WHERE state = 2 AND acknowledged = 1),
                      (SELECT count(*) FROM deliveries)";
    let left = connection.query_row(sql, (), |row| {
        Ok([
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ])
    });
    left.unwrap_or([-1; 5])
}
