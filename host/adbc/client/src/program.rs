//! The program that has the database open: how it starts and how it ends.

use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::error::OpenError;
use crate::limits::{CLOSE, LOOK, OPEN};

/// How long a process may take to end after its socket was closed. Then it is said to have ended without a reason.
const ENDS: Duration = Duration::from_secs(2);
use crate::protocol::{Open, Opened};
use crate::settings::Resolved;

/// A program that has the database open. It ends when this is dropped.
pub(crate) struct Program {
    child: Mutex<Child>,
    id: u32,
    /// Its standard input. When this closes, the program closes the database and ends.
    lifeline: UnixStream,
    socket: PathBuf,
    /// Only this user can open the folder, so only this user can connect.
    _folder: TempDir,
}

impl Program {
    pub(crate) fn start(
        path: &Path,
        resolved: &Resolved,
        library_name: &str,
    ) -> Result<Program, OpenError> {
        let folder = tempfile::Builder::new()
            .prefix("fractalaw-adbc-")
            .tempdir()
            .map_err(OpenError::Folder)?;
        let socket = folder.path().join("runs");
        let open = Open {
            library: resolved.library.clone(),
            entrypoint: resolved.entrypoint.clone(),
            options: resolved.options.clone(),
            traits: resolved.engine.traits,
            socket: socket.clone(),
        };
        let (lifeline, its_end) = UnixStream::pair().map_err(OpenError::Folder)?;
        let its_input = its_end.try_clone().map_err(OpenError::Folder)?;
        let child = Command::new(path)
            // The program gets nothing of the host's environment. Secrets go through the pipe, because other
            // users can list arguments.
            .env_clear()
            // So that a database's local time does not depend on the machine.
            .env("TZ", "UTC")
            // A Ctrl-C is meant for the host, which ends its runs first.
            .process_group(0)
            .current_dir(folder.path())
            .stdin(Stdio::from(OwnedFd::from(its_input)))
            .stdout(Stdio::from(OwnedFd::from(its_end)))
            // Drivers print what they connect to.
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| OpenError::Program {
                path: path.to_owned(),
                source,
            })?;
        let program = Program {
            id: child.id(),
            child: Mutex::new(child),
            lifeline,
            socket,
            _folder: folder,
        };
        let opened = program.ask(&open).ok_or_else(|| program.no_answer())?;
        let said = |text: String| cut(&resolved.secrets.redact(&text));
        let driver = |message: String, hint: &str| OpenError::Driver {
            driver: library_name.to_owned(),
            message: said(message),
            hint: hint.to_owned(),
        };
        match opened {
            Opened::Ready => Ok(program),
            Opened::NoLibrary(message) => Err(driver(message, &resolved.library_hint)),
            Opened::NoEntrypoint(message) => Err(driver(
                message,
                "name the function that gives the driver with `entrypoint = \"…\"`, as the driver's pages do",
            )),
            Opened::NoDriver(message) => Err(driver(
                message,
                "use a version of the driver that has ADBC 1.0 or 1.1",
            )),
            Opened::NoDatabase(message) => Err(OpenError::Database {
                message: said(message),
                hint: "correct `path`, `uri` or `options`".to_owned(),
            }),
        }
    }

    /// Tells the program what to open, and waits for its answer.
    fn ask(&self, open: &Open) -> Option<Opened> {
        let mut line = serde_json::to_vec(open).ok()?;
        line.push(b'\n');
        self.lifeline.set_read_timeout(Some(OPEN)).ok()?;
        self.lifeline.set_write_timeout(Some(OPEN)).ok()?;
        (&self.lifeline).write_all(&line).ok()?;
        let mut answer = String::new();
        let started = Instant::now();
        let mut reader = BufReader::new(&self.lifeline);
        // Lines that a driver prints while it is loaded are skipped.
        while started.elapsed() < OPEN {
            answer.clear();
            if reader.read_line(&mut answer).ok()? == 0 {
                return None;
            }
            if let Ok(opened) = serde_json::from_str(&answer) {
                return Some(opened);
            }
        }
        None
    }

    fn no_answer(&self) -> OpenError {
        match self.ended() {
            Some(how) => OpenError::Died { how },
            None => OpenError::Slow,
        }
    }

    pub(crate) fn connect(&self) -> std::io::Result<UnixStream> {
        let stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(LOOK))?;
        Ok(stream)
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the program ended, if it did. It waits, because the socket closes before the process has ended. On a busy machine that can take
    /// a while.
    pub(crate) fn ended(&self) -> Option<String> {
        let started = Instant::now();
        while started.elapsed() < ENDS {
            if let Ok(Some(status)) = self.child().try_wait() {
                return Some(status.to_string());
            }
            std::thread::sleep(LOOK);
        }
        None
    }

    pub(crate) fn is_alive(&self) -> bool {
        matches!(self.child().try_wait(), Ok(None))
    }

    /// Kills the program. The database itself rolls back what the runs did.
    pub(crate) fn kill(&self) {
        let mut child = self.child();
        // It fails only if the program has already ended.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.lifeline.shutdown(Shutdown::Both);
        let started = Instant::now();
        while started.elapsed() < CLOSE {
            if !self.is_alive() {
                return;
            }
            std::thread::sleep(LOOK);
        }
        self.kill();
    }
}

/// The part of a message that is quoted.
pub(crate) fn cut(message: &str) -> String {
    let end = message.floor_char_boundary(crate::limits::MESSAGE_BYTES);
    message.get(..end).unwrap_or_default().trim_end().to_owned()
}
