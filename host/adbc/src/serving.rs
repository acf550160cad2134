//! Serves runs. Each run has a connection with two threads: one works, and one listens for a cancel meanwhile.

use std::io::{BufWriter, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use adbc_driver_manager::ManagedDatabase;
use anyhow::{Context, Result};
use fractalaw_adbc_client::limits::CLOSE;
use fractalaw_adbc_client::protocol::{Reply, Request, read_frame};
use fractalaw_adbc_client::{CallError, Code, Traits};

use crate::session::{Cancelling, NotDone, Session, reply};

/// The time between two attempts to cancel.
const CANCEL_AGAIN: Duration = Duration::from_millis(2);

/// A frame as it arrived.
type Frame = (u8, Vec<u8>);

pub(crate) fn listen(socket: &Path) -> Result<UnixListener> {
    UnixListener::bind(socket).with_context(|| format!("cannot listen at `{}`", socket.display()))
}

/// Serves until standard input closes.
pub(crate) fn serve(
    listener: &UnixListener,
    socket: &Path,
    database: ManagedDatabase,
    traits: Traits,
) -> Result<()> {
    let closing = Arc::new(AtomicBool::new(false));
    let (noticed, wakes) = (Arc::clone(&closing), socket.to_owned());
    thread::spawn(move || {
        // Nothing more arrives on it. Only its end matters.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        noticed.store(true, Ordering::SeqCst);
        let _ = UnixStream::connect(&wakes);
        thread::sleep(CLOSE);
        // A driver has not ended in time.
        std::process::abort();
    });
    let mut sessions: Vec<thread::JoinHandle<()>> = Vec::new();
    for stream in listener.incoming() {
        if closing.load(Ordering::SeqCst) {
            break;
        }
        let database = database.clone();
        sessions.retain(|session| !session.is_finished());
        if let Ok(stream) = stream {
            sessions.push(thread::spawn(move || session(stream, database, traits)));
        }
    }
    if let Some(folder) = socket.parent() {
        // If the host still runs, it removes the folder itself.
        let _ = std::fs::remove_dir_all(folder);
    }
    for session in sessions {
        // The session's result is of no interest.
        let _ = session.join();
    }
    drop(database);
    Ok(())
}

/// One run. This thread listens, and another one works.
fn session(stream: UnixStream, database: ManagedDatabase, traits: Traits) {
    let Ok(its_end) = stream.try_clone() else {
        return;
    };
    let cancelling = Cancelling::default();
    let at_work = AtomicBool::new(false);
    let (requests, to_do) = sync_channel::<Frame>(1);
    thread::scope(|scope| {
        let (watched, busy) = (&cancelling, &at_work);
        let worker = scope.spawn(move || {
            let session = Session::new(database, traits, watched);
            work(session, &to_do, its_end, busy);
        });
        listen_for(&stream, requests, &cancelling, &at_work);
        // The host's side is gone, so nothing needs the rest of the work.
        while !worker.is_finished() {
            if at_work.load(Ordering::SeqCst) {
                cancelling.cancel();
            }
            thread::sleep(CANCEL_AGAIN);
        }
    });
}

fn listen_for(
    mut stream: impl Read,
    requests: SyncSender<Frame>,
    cancelling: &Cancelling,
    at_work: &AtomicBool,
) {
    while let Some((kind, body)) = read_frame(&mut stream) {
        if Request::read(kind, &body) == Some(Request::Cancel) {
            while at_work.load(Ordering::SeqCst) {
                cancelling.cancel();
                thread::sleep(CANCEL_AGAIN);
            }
            continue;
        }
        cancelling.begin();
        at_work.store(true, Ordering::SeqCst);
        if requests.send((kind, body)).is_err() {
            return;
        }
    }
}

fn work(
    mut session: Session<'_>,
    to_do: &Receiver<Frame>,
    stream: UnixStream,
    at_work: &AtomicBool,
) {
    let mut to = BufWriter::new(stream);
    for (kind, body) in to_do {
        let done = match Request::read(kind, &body) {
            Some(request) => {
                let answered = catch_unwind(AssertUnwindSafe(|| session.answer(&request, &mut to)));
                answered.unwrap_or_else(|_| Err(gave_up()))
            }
            None => Err(CallError::new(Code::Engine, "no request").into()),
        };
        // This is set before the reply is sent, because a cancel after the reply belongs to the next request.
        at_work.store(false, Ordering::SeqCst);
        let Some(reply) = reply(done) else {
            return;
        };
        if send(&reply, &mut to).is_err() {
            return;
        }
    }
}

fn send(reply: &Reply<'_>, to: &mut impl Write) -> std::io::Result<()> {
    reply.write(to)?;
    to.flush()
}

fn gave_up() -> NotDone {
    CallError::new(
        Code::Engine,
        "the program that holds the database gave up on the call",
    )
    .into()
}
