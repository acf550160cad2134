//! The socket over which commands reach a supervisor. Whoever may open it may do everything: only the user of the
//! supervisor can.

use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::error::ServeError;
use crate::folder::{Folder, failed};
use crate::limits::{PAUSE, REQUEST_BYTES, REQUEST_TIME, REQUESTS, WAITS};
use crate::request::{Answer, Request};
use crate::supervisor::Supervisor;

/// The socket, open. It is removed when this is dropped.
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Opens the socket. Only the process that serves the folder does this, so one that is there was left.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, for example because its path is longer than the 107 bytes of a socket's.
    pub fn open(folder: &Folder) -> Result<Control, ServeError> {
        let path = folder.socket();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(failed("remove", &path, error));
            }
            _ => {}
        }
        let listener = UnixListener::bind(&path);
        let listener = listener.map_err(|source| failed("listen at", &path, source))?;
        let private = fs::set_permissions(&path, fs::Permissions::from_mode(0o600));
        private.map_err(|source| failed("protect", &path, source))?;
        Ok(Control { listener, path })
    }

    /// Answers until it is dropped.
    pub async fn serve(&self, supervisor: &Supervisor) {
        let places = Arc::new(Semaphore::new(REQUESTS));
        let waits = Arc::new(Semaphore::new(WAITS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let (supervisor, waits) = (supervisor.clone(), Arc::clone(&waits));
                    tokio::spawn(async move {
                        // A client that breaks off is its own business.
                        let _ = answer(stream, &supervisor, place, &waits).await;
                    });
                }
                Err(error) => {
                    tracing::error!("cannot accept a command: {error}");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // One that stays is removed at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

async fn answer(
    mut stream: UnixStream,
    supervisor: &Supervisor,
    place: OwnedSemaphorePermit,
    waits: &Semaphore,
) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut line = Vec::new();
    let mut reader = tokio::io::BufReader::new(read.take(REQUEST_BYTES));
    let read = timeout(REQUEST_TIME, reader.read_until(b'\n', &mut line)).await;
    read.map_err(|_| io::ErrorKind::TimedOut)??;
    let answer = match serde_json::from_slice::<Request>(&line) {
        Ok(request @ Request::Emit { wait: true, .. }) => {
            // Runs may take long. Other commands have its place meanwhile.
            drop(place);
            match waits.try_acquire() {
                Ok(_waits) => tokio::select! {
                    // The event is taken, whether anybody waits for its runs or not.
                    biased;
                    answer = supervisor.answer(request) => answer,
                    () = gone(&mut reader) => return Ok(()),
                },
                Err(_) => Answer::Failed {
                    message: format!("{WAITS} commands wait for runs already"),
                    hint: Some("leave out `--wait`, or ask again later".to_owned()),
                    is_usage: false,
                },
            }
        }
        Ok(request) => supervisor.answer(request).await,
        Err(error) => Answer::Failed {
            message: format!("not a request: {error}"),
            hint: Some("use the commands of the same version as the supervisor".to_owned()),
            is_usage: true,
        },
    };
    let mut text = serde_json::to_vec(&answer)?;
    text.push(b'\n');
    let written = timeout(REQUEST_TIME, write.write_all(&text)).await;
    written.map_err(|_| io::ErrorKind::TimedOut)?
}

/// Returns when the client has closed its end. It sends nothing after its request.
async fn gone(reader: &mut (impl AsyncRead + Unpin)) {
    let mut byte = [0];
    while reader.read(&mut byte).await.is_ok_and(|read| read > 0) {}
}

/// Asks the supervisor of a folder. `None` if none runs.
///
/// # Errors
///
/// If a supervisor runs and does not answer.
pub fn ask(folder: &Folder, request: &Request) -> Result<Option<Answer>, ServeError> {
    let path = folder.socket();
    let mut stream = match BlockingStream::connect(&path) {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::ConnectionRefused
            ) =>
        {
            return Ok(None);
        }
        Err(source) => return Err(failed("ask the supervisor at", &path, source)),
    };
    let asked = || -> io::Result<Answer> {
        let mut text = serde_json::to_vec(request)?;
        text.push(b'\n');
        stream.write_all(&text)?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        match line.is_empty() {
            true => Err(ErrorKind::UnexpectedEof.into()),
            false => Ok(serde_json::from_str(&line)?),
        }
    };
    let answer = asked().map_err(|source| failed("get an answer at", &path, source))?;
    Ok(Some(answer))
}
