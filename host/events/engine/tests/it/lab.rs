//! What the tests share: a file in a folder of its own, a ledger's closings, and a clock that stands still.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fractalaw_events_engine::*;
use tempfile::TempDir;

/// 2026-03-01T12:00:00Z, a Sunday.
pub(crate) const T0: i64 = 1_772_366_400;

/// The closings of runs, as a ledger has them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(pub(crate) BTreeMap<RunId, &'static str>);

impl Closings for Ledger {
    fn visit(
        &mut self,
        first: RunId,
        closing: &mut dyn FnMut(RunId, &str),
    ) -> Result<(), LedgerFailure> {
        for (&run, outcome) in self.0.range(first..) {
            closing(run, outcome);
        }
        Ok(())
    }
}

pub(crate) struct Lab {
    folder: TempDir,
    pub(crate) engine: Option<Engine>,
    pub(crate) apps: Apps,
    pub(crate) ledger: Ledger,
    pub(crate) now: Time,
    last_run: u64,
}

impl Lab {
    pub(crate) fn new(apps: Apps) -> Lab {
        let mut lab = Lab {
            folder: tempfile::tempdir().unwrap(),
            engine: None,
            apps,
            ledger: Ledger::default(),
            now: Time::from_unix_s(T0),
            last_run: 0,
        };
        lab.start();
        lab
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("events.db")
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    /// Starts the engine, as after a crash if it was running.
    pub(crate) fn start(&mut self) {
        self.engine = None;
        let path = self.path();
        let engine = when_free(|| {
            let apps = self.apps.clone();
            Engine::open(&path, "ledger-1", apps, &mut self.ledger, self.now)
        });
        self.engine = Some(engine.unwrap());
    }

    /// Ends the engine as a crash does, and starts again: the files are taken as they are. What callers still hold of
    /// the old engine works on the old files.
    pub(crate) fn crash(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["events.db", "events.db-wal"] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name)).unwrap();
        }
        self.folder = folder;
        self.start();
    }

    pub(crate) fn later(&mut self, seconds: i64) {
        self.now = Time::from_unix_ms(self.now.unix_ms() + seconds * 1000);
    }

    /// The number of the next run.
    pub(crate) fn run_id(&mut self) -> RunId {
        self.last_run += 1;
        RunId(self.last_run)
    }

    /// An event from outside.
    pub(crate) fn accept(&mut self, event_type: &str) -> EventId {
        let id = EventId(self.run_id().made(1));
        let event = Outside {
            id,
            event_type: event_type.to_owned(),
            source: "outside".to_owned(),
            payload: format!("event {}", id.0).into_bytes(),
        };
        assert!(matches!(
            self.engine().accept(event).unwrap(),
            Ok(Accepted::New(_))
        ));
        id
    }

    /// Claims one delivery and begins its run, which may do everything.
    pub(crate) fn start_next(&mut self) -> Option<(Run, Delivery)> {
        let claim = self.engine().claim(self.now, 1).unwrap().pop()?;
        let run = self.run_id();
        Some(claim.start(run, all(), self.now).unwrap())
    }

    /// Claims one delivery, runs it, and settles it with this outcome. Returns its key.
    pub(crate) fn run_next(&mut self, outcome: &str) -> Option<String> {
        let (run, delivery) = self.start_next()?;
        self.end(run, outcome);
        Some(delivery.key())
    }

    pub(crate) fn end(&self, mut run: Run, outcome: &str) {
        run.prepare(outcome == "completed").unwrap();
        run.settle(Ending::of(outcome), outcome, self.now).unwrap();
    }

    /// A run that nothing triggered.
    pub(crate) fn run(&mut self, app: &str) -> Run {
        let run = self.run_id();
        self.engine().run(run, app, all(), self.now)
    }

    /// All deliveries: number, app, state, attempts.
    pub(crate) fn standing(&self) -> Vec<String> {
        let all = self.engine().deliveries(DeliveryId(0), 1_000_000).unwrap();
        let shown = all.iter().map(|one| {
            let due = one
                .due
                .map(|due| format!(" +{}ms", due.unix_ms() - self.now.unix_ms()));
            let outcome = one.outcome.as_ref().map(|outcome| format!(" {outcome}"));
            format!(
                "{} {} {:?} {}{}{}",
                one.id.0,
                one.app,
                one.state,
                one.attempts,
                due.unwrap_or_default(),
                outcome.unwrap_or_default()
            )
        });
        shown.collect()
    }

    pub(crate) fn tasks(&self) -> Vec<TaskStanding> {
        self.engine().tasks(TaskId(0), 1_000_000).unwrap()
    }
}

impl Lab {
    /// How many rows the tables have, read from the file by SQLite itself.
    pub(crate) fn rows(&mut self) -> [(&'static str, u64); 5] {
        self.engine = None;
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        let rows = ["deliveries", "events", "prepared", "roots", "tasks"].map(|table| {
            let sql = format!("SELECT count(*) FROM {table}");
            let count = connection.query_row(&sql, (), |row| row.get::<_, i64>(0));
            (table, count.unwrap() as u64)
        });
        drop(connection);
        self.start();
        rows
    }
}

/// Grants of everything.
pub(crate) fn all() -> Allowed {
    Allowed {
        emits: Granted::All,
        schedules: Granted::All,
        quotas: Quotas::default(),
    }
}

pub(crate) fn once(name: &str, at: i64, target: &str) -> Task {
    Task {
        name: name.to_owned(),
        cron: None,
        run_at: Some(u64::try_from(at).unwrap()),
        target: target.to_owned(),
        payload: name.as_bytes().to_vec(),
    }
}

pub(crate) fn cron(name: &str, cron: &str, target: &str) -> Task {
    Task {
        name: name.to_owned(),
        cron: Some(cron.to_owned()),
        run_at: None,
        target: target.to_owned(),
        payload: name.as_bytes().to_vec(),
    }
}

/// Opens a file again. A process that another test starts has the lock of the file from its fork to its exec.
pub(crate) fn when_free(
    mut open: impl FnMut() -> Result<Engine, EngineError>,
) -> Result<Engine, EngineError> {
    loop {
        match open() {
            Err(EngineError::InUse { .. }) => std::thread::yield_now(),
            opened => return opened,
        }
    }
}
