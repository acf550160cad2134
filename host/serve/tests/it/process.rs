//! The program, as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fractalaw-serve");

/// A supervisor. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    /// Where its page is.
    pub(crate) page: Option<String>,
}

impl Process {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(folder: &Path) -> Process {
        let mut child = Command::new(PROGRAM)
            .arg("serve")
            .arg(folder)
            .arg("--json")
            .env("INGEST_TOKEN", "a token")
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        Process {
            child,
            page: ready["page"].as_str().map(str::to_owned),
        }
    }

    /// The address of its page.
    pub(crate) fn address(&self) -> String {
        let page = self.page.as_ref().unwrap();
        page.trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end, and returns its exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command in a folder: its exit code, standard output and standard error.
pub(crate) fn command(folder: &Path, arguments: &str) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(PROGRAM)
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}
