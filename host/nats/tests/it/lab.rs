//! Nodes for the tests: a folder, an engine, and the program beside it.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use fractalaw_events_engine::*;
use tempfile::TempDir;

use crate::servers::Servers;

/// 2026-03-01T12:00:00Z.
pub(crate) const T0: i64 = 1_772_366_400;

/// No test waits longer for what must happen.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn until(what: &str, is: impl FnMut() -> bool) {
    assert!(is_within_patience(is), "{what} did not come");
}

pub(crate) fn is_within_patience(mut is: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !is() {
        if began.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// The program's process. It is killed when this is dropped.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// SIGKILL, and the end.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// SIGTERM, and the end.
pub(crate) fn stop(mut running: Running) {
    let id = running.0.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status();
    assert!(sent.unwrap().success());
    assert!(running.0.wait().unwrap().success());
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder of a node with its configuration.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) name: String,
}

impl Place {
    pub(crate) fn new(
        name: &str,
        servers: &Servers,
        replicas: usize,
        nats: &str,
        more: &str,
    ) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "node = \"{name}\"\nevents = \"events.db\"\ncomponents = \"apps\"\n\
             [nats]\nservers = [{}]\n{nats}\n[set]\nreplicas = {replicas}\n{more}",
            servers.addresses()
        );
        fs::write(folder.path().join("nats.toml"), text).unwrap();
        Place {
            folder,
            name: name.to_owned(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw-nats"));
        command
            .arg("--config")
            .arg(self.path("nats.toml"))
            .args(arguments);
        command
    }

    /// Connects the node.
    pub(crate) fn connect(&self) -> Running {
        self.connect_with(&["run"])
    }

    pub(crate) fn connect_with(&self, arguments: &[&str]) -> Running {
        let log = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path("log"))
            .unwrap();
        let mut command = self.program(arguments);
        Running(command.stdin(Stdio::null()).stderr(log).spawn().unwrap())
    }

    /// Runs a command, and returns what it printed.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<String, String> {
        said(self.program(arguments).output().unwrap())
    }

    /// The same, with a variable.
    pub(crate) fn ask_with(
        &self,
        name: &str,
        value: &str,
        arguments: &[&str],
    ) -> Result<String, String> {
        said(self.program(arguments).env(name, value).output().unwrap())
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

fn said(output: Output) -> Result<String, String> {
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    match status.success() {
        true => Ok(text(stdout)),
        false => Err(text(stderr)),
    }
}

/// A node whose engine is in the test's own process.
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) engine: Option<Engine>,
    last_run: u64,
}

impl Node {
    pub(crate) fn new(place: Place, apps: Apps) -> Node {
        let mut node = Node {
            place,
            engine: None,
            last_run: 0,
        };
        node.start(apps);
        node
    }

    pub(crate) fn start(&mut self, apps: Apps) {
        self.engine = None;
        // A process that another test starts has the lock of the file from its fork to its exec.
        let opened = loop {
            let member = Member {
                configuration: "config".to_owned(),
                wake: Box::new(|| {}),
            };
            let opened = Engine::open_in_set(
                &self.place.path("events.db"),
                &format!("ledger-{}", self.place.name),
                apps.clone(),
                &mut NoClosings,
                now(),
                member,
            );
            match opened {
                Err(EngineError::InUse { .. }) => std::thread::yield_now(),
                opened => break opened,
            }
        };
        self.engine = Some(opened.unwrap());
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    pub(crate) fn run_id(&mut self) -> RunId {
        self.last_run += 1;
        RunId(self.last_run)
    }

    pub(crate) fn accept(&mut self, event_type: &str, payload: &[u8]) {
        let event = Outside {
            id: EventId(self.run_id().made(1)),
            event_type: event_type.to_owned(),
            source: "outside".to_owned(),
            payload: payload.to_vec(),
        };
        assert_eq!(self.engine().accept(event).unwrap(), Ok(Accepted::New(1)));
    }

    /// How many deliveries it has.
    pub(crate) fn queue(&self) -> usize {
        self.engine().deliveries(DeliveryId(0), 999).unwrap().len()
    }

    /// Runs one delivery to its end, if there is one. Returns its key.
    pub(crate) fn work(&mut self) -> Option<String> {
        let claim = self.engine().claim(now(), 1).unwrap().pop()?;
        let key = claim.delivery().key();
        let allowed = Allowed {
            emits: Granted::All,
            ..Allowed::default()
        };
        let (run, _) = claim.start(self.run_id(), allowed, now()).unwrap();
        run.settle(Ending::Completed, "completed", now()).unwrap();
        Some(key)
    }
}

pub(crate) fn now() -> Time {
    Time::from_unix_s(T0)
}
