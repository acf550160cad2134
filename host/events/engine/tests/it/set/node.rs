//! A node: an engine, and beside it the exchange on the same file.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fractalaw_events_engine::*;
use tempfile::TempDir;

use crate::lab::{Ledger, T0, when_free};

pub(super) struct Node {
    folder: TempDir,
    name: String,
    engine: Option<Engine>,
    pub(super) exchange: Exchange,
    pub(super) apps: Apps,
    pub(super) ledger: Ledger,
    pub(super) now: Time,
    pub(super) last_run: u64,
    woken: Arc<AtomicU64>,
}

impl Node {
    pub(super) fn new(name: &str, apps: Apps) -> Node {
        let folder = tempfile::tempdir().unwrap();
        let woken = Arc::default();
        let now = Time::from_unix_s(T0);
        let path = folder.path().join("events.db");
        let mut ledger = Ledger::default();
        let engine = open(&path, name, &apps, &mut ledger, now, &woken);
        Node {
            exchange: Exchange::open(&path).unwrap(),
            engine: Some(engine),
            name: name.to_owned(),
            folder,
            apps,
            ledger,
            now,
            last_run: 0,
            woken,
        }
    }

    pub(super) fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("events.db")
    }

    /// Both processes end at once, and start again with what is in the files.
    pub(super) fn crash(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["events.db", "events.db-wal"] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name)).unwrap();
        }
        self.folder = folder;
        self.come_back();
        self.exchange = Exchange::open(&self.path()).unwrap();
    }

    /// Starts the engine as one that is not part of a set.
    pub(super) fn leave(&mut self) -> Result<(), String> {
        self.engine = None;
        let path = self.path();
        let engine = when_free(|| {
            let apps = self.apps.clone();
            Engine::open(&path, &self.name, apps, &mut self.ledger, self.now)
        });
        self.engine = Some(engine.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Starts the engine as part of the set again.
    pub(super) fn come_back(&mut self) {
        let (path, apps) = (self.path(), self.apps.clone());
        let engine = open(
            &path,
            &self.name,
            &apps,
            &mut self.ledger,
            self.now,
            &self.woken,
        );
        self.engine = Some(engine);
    }

    pub(super) fn vouch(&mut self) {
        let session = self.exchange.session().unwrap();
        self.exchange.vouch(session).unwrap();
    }

    pub(super) fn run_id(&mut self) -> RunId {
        self.last_run += 1;
        RunId(self.last_run)
    }

    pub(super) fn accept(&mut self, event_type: &str, payload: &[u8]) -> EventId {
        let id = EventId(self.run_id().made(1));
        let event = Outside {
            id,
            event_type: event_type.to_owned(),
            source: "outside".to_owned(),
            payload: payload.to_vec(),
        };
        assert_eq!(self.engine().accept(event).unwrap(), Ok(Accepted::New(1)));
        id
    }

    pub(super) fn claim(&self) -> Claim {
        self.engine().claim(self.now, 1).unwrap().remove(0)
    }

    pub(super) fn end(&self, mut run: Run, outcome: &str) {
        run.prepare(outcome == "completed").unwrap();
        run.settle(Ending::of(outcome), outcome, self.now).unwrap();
    }

    /// The backlog after the engine has looked at what the exchange wrote.
    pub(super) fn settled_backlog(&self) -> Backlog {
        self.engine().next(self.now).unwrap();
        self.engine().backlog()
    }

    pub(super) fn woken(&self) -> u64 {
        self.woken.load(Ordering::SeqCst)
    }

    pub(super) fn wait_until_woken(&self, times: u64) {
        while self.woken() < times {
            std::thread::yield_now();
        }
        assert_eq!(self.woken(), times);
    }

    /// As if so many more deliveries were in the file.
    pub(super) fn fill(&self, deliveries: i64) {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        let sql = "UPDATE exchange SET outgoing = outgoing + ?";
        connection.execute(sql, [deliveries]).unwrap();
    }

    /// Puts a row as a version did that did not ask for a root.
    pub(super) fn without_root(&self, key: &str) {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        let sql = "UPDATE incoming SET root = 0 WHERE key = ?";
        assert_eq!(connection.execute(sql, [key]).unwrap(), 1);
    }

    /// What is counted of the file, and what is in it.
    pub(super) fn counts(&self) -> [Vec<i64>; 2] {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        let of = |sql: &str| -> Vec<i64> {
            connection
                .query_row(sql, (), |row| (0..6).map(|at| row.get(at)).collect())
                .unwrap()
        };
        [
            of("SELECT deliveries, bytes, incoming, incoming_bytes, outgoing, outgoing_bytes FROM exchange"),
            of("SELECT (SELECT count(*) FROM deliveries),
                       (SELECT coalesce(sum(length(payload)), 0) FROM events WHERE event_id & 65535 = 0)
                         + (SELECT coalesce(sum(length(payload)), 0) FROM tasks WHERE staged = 0),
                       (SELECT count(*) FROM incoming WHERE state = 0),
                       (SELECT coalesce(sum(length(payload)), 0) FROM incoming WHERE state = 0),
                       count(*), coalesce(sum(length(payload)), 0) FROM outgoing"),
        ]
    }
}

fn open(
    path: &std::path::Path,
    name: &str,
    apps: &Apps,
    ledger: &mut Ledger,
    now: Time,
    woken: &Arc<AtomicU64>,
) -> Engine {
    let woken = Arc::clone(woken);
    let member = Member {
        configuration: "config".to_owned(),
        wake: Box::new(move || {
            woken.fetch_add(1, Ordering::SeqCst);
        }),
    };
    Engine::open_in_set(path, name, apps.clone(), ledger, now, member).unwrap()
}
