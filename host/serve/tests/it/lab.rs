//! A folder with `fractalaw.toml`, components that do little, and a supervisor with a clock that the test sets.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fractalaw_events_engine::{DeliveryId, EngineError, EventId, Time};
use fractalaw_host::{Manifest, Tier};
use fractalaw_ledger::{Reader, Trust, verify};
use fractalaw_serve::clock::VirtualClock;
use fractalaw_serve::config::Config;
use fractalaw_serve::request::{Answer, Emitted, Request};
use fractalaw_serve::{ServeError, Setup, Shown, Supervisor};
use fractalaw_testing::{RUNTIME, component, with_manifest};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// 2026-03-01T12:00:00Z.
pub(crate) const NOON_S: i64 = 1_772_366_400;

/// No test waits longer for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something is so. It fails if that does not come.
pub(crate) fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        std::thread::yield_now();
    }
}

/// Waits for what comes of this. It fails if that does not come.
fn within_patience<T>(what: &str, comes: impl Future<Output = T>) -> T {
    let come = RUNTIME.block_on(async { timeout(PATIENCE, comes).await });
    come.unwrap_or_else(|_| panic!("{what} did not come"))
}

/// Grants for all apps: the event `go` starts them.
pub(crate) const POLICY: &str = "[all]\non.go = true\n";

/// A component that is started by `go`. `body` is the code of its function. Two with another `version` are different.
pub(crate) fn app(version: u32, body: &str) -> Vec<u8> {
    let bytes = component(&format!("(global i32 (i32.const {version}))"), body);
    with_manifest(&bytes, &manifest(&["go"]))
}

pub(crate) fn manifest(on: &[&str]) -> Manifest {
    Manifest {
        tier: Tier::Lightweight,
        asks: BTreeMap::from([("on".to_owned(), json!(on))]),
        ..Manifest::default()
    }
}

/// Code that traps, that returns an error, and that never ends.
pub(crate) const TRAP: &str = "unreachable";
pub(crate) const ERROR: &str = "(i32.store8 (i32.const 16) (i32.const 1))";
pub(crate) const ENDLESS: &str = "(loop $again (br $again))";

/// The folder.
pub(crate) struct Site {
    pub(crate) folder: TempDir,
}

impl Site {
    /// A folder with these lines in its files. The sections `[serve]` has its lines from here.
    pub(crate) fn new(apps: &str) -> Site {
        let site = Site {
            folder: tempfile::tempdir().unwrap(),
        };
        site.configure("slots = 4\ngrace = \"0s\"", apps);
        site.write("policy.toml", POLICY.as_bytes());
        site
    }

    pub(crate) fn configure(&self, serve: &str, apps: &str) {
        let listen = if serve.contains("listen") {
            ""
        } else {
            "listen = false\n"
        };
        let text = format!("[serve]\npolicy = \"policy.toml\"\n{listen}{serve}\n\n{apps}");
        self.write("fractalaw.toml", text.as_bytes());
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file as a build does: it is there as a whole.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let new = self.file(&format!("{name}.new"));
        fs::write(&new, bytes).unwrap();
        fs::rename(&new, self.file(name)).unwrap();
    }

    /// Starts a supervisor that shows noon.
    pub(crate) fn start(&self) -> Running {
        self.start_at(Time::from_unix_s(NOON_S)).unwrap()
    }

    /// A process that another test starts has the locks of this one from its fork to its exec. So they may be there for a
    /// moment after a supervisor has ended.
    pub(crate) fn start_at(&self, time: Time) -> Result<Running, ServeError> {
        let mut started = None;
        until("the end of the locks", || {
            let once = self.start_once_at(time);
            let is_locked = matches!(
                once,
                Err(ServeError::Served { .. } | ServeError::Engine(EngineError::InUse { .. }))
            );
            started = Some(once);
            !is_locked
        });
        started.unwrap()
    }

    pub(crate) fn start_once_at(&self, time: Time) -> Result<Running, ServeError> {
        let clock = Arc::new(VirtualClock::at(time));
        let supervisor = Supervisor::start(Setup {
            folder: self.path().to_owned(),
            config: Config::load(self.path())?,
            clock: clock.clone(),
            offer: Box::new(|builder| builder),
            lines: String::new(),
        })?;
        let served = supervisor.clone();
        RUNTIME.block_on(supervisor.load_new());
        let task = RUNTIME.spawn(async move { served.run().await });
        Ok(Running {
            supervisor,
            clock,
            task,
        })
    }

    /// How each run of the ledger ended, in the order in which they began. The ledger must verify.
    pub(crate) fn outcomes(&self) -> Vec<(String, Option<String>)> {
        let reader = Reader::open(&self.file("audit.ledger")).unwrap();
        verify(&reader, &Trust::default()).unwrap();
        let runs = fractalaw_ledger::runs(&reader).unwrap();
        let ended = runs.into_iter().map(|run| {
            let digest = run.app.rsplit('@').next().unwrap_or_default().to_owned();
            let closing = run.closed.and_then(|closed| closed.closing);
            (digest, closing.map(|closing| closing.outcome))
        });
        ended.collect()
    }
}

/// A supervisor that runs.
pub(crate) struct Running {
    pub(crate) supervisor: Supervisor,
    pub(crate) clock: Arc<VirtualClock>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    pub(crate) fn ask(&self, request: Request) -> Result<Value, String> {
        match within_patience("the answer", self.supervisor.answer(request)) {
            Answer::Done(value) => Ok(value),
            Answer::Failed { message, .. } => Err(message),
        }
    }

    /// Sends an event and waits until its runs have ended.
    pub(crate) fn emit(&self, event_type: &str) -> Emitted {
        let request = Request::Emit {
            event_type: event_type.to_owned(),
            payload: Vec::new(),
            wait: true,
        };
        serde_json::from_value(self.ask(request).unwrap()).unwrap()
    }

    /// Sends an event.
    pub(crate) fn send(&self, event_type: &str) -> EventId {
        let taken = self.supervisor.emit(event_type, "test", Vec::new());
        taken.unwrap().event
    }

    /// Waits until so many runs have ended since the start.
    pub(crate) fn ended(&self, runs: u64) {
        let mut ended = self.supervisor.ended();
        within_patience(
            "the end of the runs",
            ended.wait_for(|ended| *ended >= runs),
        )
        .unwrap();
    }

    /// Each delivery that is left: its app, state, attempts and last outcome.
    pub(crate) fn left(&self) -> Vec<String> {
        let left = self.supervisor.desk().deliveries(DeliveryId(0), false);
        let left = left.unwrap().into_iter().map(|row| {
            let outcome = row.outcome.unwrap_or_default();
            let text = format!(
                "{} {} {} {outcome}",
                row.app,
                row.state.name(),
                row.attempts
            );
            text.trim_end().to_owned()
        });
        left.collect()
    }

    /// The runs since the start, the oldest first: app, trigger, attempt, outcome.
    pub(crate) fn ran(&self) -> Vec<String> {
        let runs = self.supervisor.runs().into_iter().rev();
        runs.map(|ran| {
            format!(
                "{} {} {} {}",
                ran.app, ran.trigger, ran.attempt, ran.outcome
            )
        })
        .collect()
    }

    pub(crate) fn app(&self, name: &str) -> Shown {
        let mut apps = self.supervisor.apps().into_iter();
        apps.find(|app| app.name == name).unwrap()
    }

    pub(crate) fn digest(&self, name: &str) -> String {
        self.app(name).digest.unwrap()
    }

    /// Sets the clock to so many seconds after noon.
    pub(crate) fn at(&self, seconds: i64) {
        self.clock.set(Time::from_unix_s(NOON_S + seconds));
    }

    pub(crate) fn stop(self) {
        self.supervisor.stop();
        within_patience("the end of the supervisor", self.task)
            .unwrap()
            .unwrap();
    }
}
