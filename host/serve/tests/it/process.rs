//! The program, as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use serde_json::Value;

use crate::lab::until;

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
        Process::ready(Process::program(folder).env("RUST_LOG", "error"))
    }

    /// The same, with its warnings.
    pub(crate) fn start_with_errors(folder: &Path) -> (Process, ChildStderr) {
        let mut program = Process::program(folder);
        let mut process = Process::ready(program.env("RUST_LOG", "warn").stderr(Stdio::piped()));
        let errors = process.child.stderr.take().unwrap();
        (process, errors)
    }

    fn program(folder: &Path) -> Command {
        let mut program = Command::new(PROGRAM);
        program.arg("serve").arg(folder).arg("--json");
        program.env("INGEST_TOKEN", "a token");
        program
    }

    fn ready(program: &mut Command) -> Process {
        let mut child = program.stdout(Stdio::piped()).spawn().unwrap();
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
        let mut code = None;
        until("the end of the process", || {
            code = self.child.try_wait().unwrap();
            code.is_some()
        });
        code.unwrap().code()
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
