//! The programs of other packages: `fractalaw-serve`, which a node has beside `fractalaw-nats`, and `fractalaw-ledger`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::lab::{Place, Running};
use crate::servers::target;

/// A program that was built, or `None` after saying that the test is skipped. `cargo xtask test --all` builds all.
pub(crate) fn program(name: &str, package: &str) -> Option<PathBuf> {
    let program = target().join("debug").join(name);
    if program.is_file() {
        return Some(program);
    }
    println!("SKIPPED: there is no program `{name}`: run `cargo build -p {package}`");
    None
}

/// A node whose engine is in a supervisor.
pub(crate) struct Site {
    pub(crate) place: Place,
    program: PathBuf,
}

impl Site {
    /// A node with these lines in `fractalaw.toml` and this policy.
    pub(crate) fn new(place: Place, program: &Path, apps: &str, policy: &str) -> Site {
        let serve = "[serve]\npolicy = \"policy.toml\"\nlisten = false\nset = true\nslots = 4\n";
        fs::write(place.path("fractalaw.toml"), format!("{serve}{apps}")).unwrap();
        fs::write(place.path("policy.toml"), policy).unwrap();
        Site {
            place,
            program: program.to_owned(),
        }
    }

    /// Starts its supervisor, and waits until it is ready.
    pub(crate) fn serve(&self) -> Running {
        let mut child = Command::new(&self.program)
            .args(["serve", "--json"])
            .arg(self.place.folder.path())
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        assert!(line.contains("\"process\":"), "{line:?}");
        Running(child)
    }

    /// Asks its supervisor, which must answer.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Value {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(&self.program)
            .args(arguments)
            .args(["--json", "--folder"])
            .arg(self.place.folder.path())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "{arguments:?}: {error}");
        serde_json::from_slice(&stdout).unwrap()
    }

    /// Sends an event. Returns its number.
    pub(crate) fn emit(&self, event_type: &str) -> u64 {
        let emitted = self.ask(&["emit", event_type]);
        assert_eq!(emitted["to_set"], true, "{emitted}");
        emitted["event"].as_u64().unwrap()
    }

    /// The digest of an app's component.
    pub(crate) fn digest(&self, app: &str) -> Option<String> {
        let apps = self.ask(&["apps", "ls"]);
        let mut apps = apps.as_array().unwrap().iter();
        let app = apps.find(|one| one["name"] == app).unwrap();
        app["digest"].as_str().map(str::to_owned)
    }

    /// Whether the engine may run, and has nothing to run and nothing to send.
    pub(crate) fn is_idle(&self) -> bool {
        let status = self.ask(&["status"]);
        status["deliveries"] == 0
            && status["set"]["connected"] == true
            && status["set"]["outgoing"] == 0
    }
}

/// What a program says of ledgers: its exit code, and its output and error.
pub(crate) fn verify_set(program: &Path, ledgers: &[PathBuf]) -> (Option<i32>, String) {
    let said = Command::new(program)
        .arg("verify-set")
        .args(ledgers)
        .output()
        .unwrap();
    let text = [said.stdout, said.stderr].concat();
    (said.status.code(), String::from_utf8(text).unwrap())
}
