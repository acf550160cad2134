//! The program that runs models. `cargo xtask test --all` builds it. A test for which it is missing prints `SKIPPED`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::places::{target, workspace};

/// The program that runs models, if it was built.
pub fn models_program() -> Option<PathBuf> {
    let path = target().join("debug/fractalaw-models");
    if !path.is_file() {
        eprintln!(
            "SKIPPED: there is no program `fractalaw-models`: run `cargo build -p fractalaw-models`"
        );
        return None;
    }
    Some(path)
}

/// The folder of tiny models that write: `alphabet` writes `a` to `z` and a full stop, `endless` writes digits for ever.
pub fn tiny_writers() -> PathBuf {
    workspace().join("host/models/tests/tiny-writer")
}

/// A server of models at a unix socket. It is killed when it is dropped.
pub struct ModelServer {
    child: Child,
    socket: PathBuf,
}

impl ModelServer {
    /// Starts the program, and waits until it is ready.
    pub fn start(program: &Path, models: &Path, socket: &Path) -> ModelServer {
        let mut child = Command::new(program)
            .arg("serve")
            .arg(models)
            .arg("--listen")
            .arg(format!("unix:{}", socket.display()))
            // One heap, so that a limit on memory is one on each of its threads.
            .env("MALLOC_ARENA_MAX", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program can be started");
        let mut ready = String::new();
        let output = child.stdout.take().expect("its output is a pipe");
        BufReader::new(output)
            .read_line(&mut ready)
            .expect("its output can be read");
        assert!(ready.starts_with("serving "), "{ready:?}");
        ModelServer {
            child,
            socket: socket.to_owned(),
        }
    }

    /// How many requests it works on.
    pub fn requests(&self) -> u64 {
        let mut stream = UnixStream::connect(&self.socket).expect("the program listens");
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .expect("the program reads");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("the program answers");
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        let health: serde_json::Value = serde_json::from_str(body).expect("its health is JSON");
        health["requests"]
            .as_u64()
            .expect("its requests are a number")
    }

    /// Allows it no memory beyond what it has, and a few pages.
    pub fn starve(&self) {
        let path = format!("/proc/{}/statm", self.child.id());
        let pages = fs::read_to_string(path).expect("the system knows its memory");
        let pages = pages.split(' ').next().unwrap_or_default();
        let bytes = pages.parse::<u64>().expect("pages are a number") * 4096 + 64 * 1024;
        let limited = Command::new("prlimit")
            .arg(format!("--pid={}", self.child.id()))
            .arg(format!("--as={bytes}"))
            .status()
            .expect("`prlimit` can be started");
        assert!(limited.success());
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("the program can be killed");
        self.ended();
    }

    /// Waits for its end.
    pub fn ended(&mut self) {
        self.child.wait().expect("the program ends");
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
