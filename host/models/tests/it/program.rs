//! The program as it is started.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::client::PATIENCE;

/// A program that serves. It is killed at the end of the test.
pub(crate) struct Program {
    child: Child,
    /// The line that it printed when it was ready.
    pub(crate) ready: String,
    /// Where it listens.
    pub(crate) address: String,
}

/// The program with arguments.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw-models"));
    command.arg(arguments[0]).arg(folder).args(&arguments[1..]);
    command
}

impl Program {
    /// Starts the program, and waits until it is ready.
    pub(crate) fn serve(folder: &Path, place: &str) -> Program {
        let mut child = command(folder, &["serve", "--listen", place])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        let address = ready.trim_end().rsplit_once(' ').unwrap().1.to_owned();
        Program {
            child,
            ready: ready.trim_end().to_owned(),
            address,
        }
    }

    /// Serves at any free port.
    pub(crate) fn at_a_port(folder: &Path) -> Program {
        Program::serve(folder, "127.0.0.1:0")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "the program did not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
