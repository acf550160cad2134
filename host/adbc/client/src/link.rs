//! One run's connection to the program. It sends a request, reads the answers, and looks at the run's budget
//! meanwhile.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fractalaw_data_call::Stop;

use crate::limits::CANCEL;
use crate::program::Program;
use crate::protocol::{HEAD_BYTES, Reply, Request, read_head};

pub(crate) struct Link {
    /// It must be closed before `program` is dropped, because the program waits for its runs when it ends.
    stream: UnixStream,
    pub(crate) program: Arc<Program>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The run ends. The statement was cancelled, or the program was killed because it did not cancel.
    Stopped { stop: Stop, killed: bool },
    /// The program has ended, or what it sent makes no sense.
    Gone,
}

/// What watches a call: the run's budget, or a time limit.
pub(crate) trait Watch {
    /// Called every few milliseconds while the program sends nothing.
    fn look(&mut self) -> Result<(), Stop>;

    /// Called for each piece of a result, before it is kept.
    fn rows(&mut self, rows: u64, columns: u32, bytes: u64) -> Result<(), Stop>;
}

/// Watches a call that has only a time limit.
pub(crate) struct For {
    started: Instant,
    at_most: Duration,
}

impl For {
    pub(crate) fn at_most(at_most: Duration) -> For {
        For {
            started: Instant::now(),
            at_most,
        }
    }
}

impl Watch for For {
    fn look(&mut self) -> Result<(), Stop> {
        if self.started.elapsed() < self.at_most {
            return Ok(());
        }
        Err(Stop::Deadline)
    }

    fn rows(&mut self, _: u64, _: u32, _: u64) -> Result<(), Stop> {
        Ok(())
    }
}

/// The answer to a request: the pieces of a stream, and the last reply.
pub(crate) struct Answer {
    pub(crate) stream: Vec<u8>,
    pub(crate) last: Last,
}

/// The last reply.
pub(crate) type Last = Result<i64, fractalaw_data_call::CallError>;

/// A call that is going on.
struct Call<'a> {
    link: &'a Link,
    watch: &'a mut dyn Watch,
    /// Why and when the call was cancelled.
    stopped: Option<(Stop, Instant)>,
}

impl Link {
    pub(crate) fn new(program: Arc<Program>) -> std::io::Result<Link> {
        let stream = program.connect()?;
        Ok(Link { stream, program })
    }

    /// Makes a request and waits for the last reply. If the watch says stop, the statement is cancelled. If that
    /// does not help, the program is killed.
    pub(crate) fn call(
        &self,
        request: &Request<'_>,
        watch: &mut dyn Watch,
    ) -> Result<Answer, Broken> {
        let mut call = Call {
            link: self,
            watch,
            stopped: None,
        };
        for piece in request.frame().map_err(|_| Broken::Gone)? {
            call.write(&piece)?;
        }
        call.answer()
    }

    /// Kills the program, because what it sent makes no sense.
    fn gone(&self) -> Broken {
        self.program.kill();
        Broken::Gone
    }
}

impl Call<'_> {
    fn answer(&mut self) -> Result<Answer, Broken> {
        let mut kept = Vec::new();
        loop {
            let mut head = [0; HEAD_BYTES];
            self.read(&mut head)?;
            let (kind, length) = read_head(head).ok_or_else(|| self.link.gone())?;
            let body = self.body(length)?;
            match Reply::read(kind, &body) {
                // Rows of a statement that was cancelled.
                Some(Reply::Rows { .. }) if self.stopped.is_some() => {}
                Some(Reply::Rows {
                    rows,
                    columns,
                    bytes,
                    stream,
                }) => match self.watch.rows(rows, columns, bytes) {
                    Ok(()) => kept.extend_from_slice(stream),
                    Err(stop) => self.cancel(stop)?,
                },
                Some(last) => {
                    if let Some((stop, _)) = self.stopped {
                        let killed = false;
                        return Err(Broken::Stopped { stop, killed });
                    }
                    let last = match last {
                        Reply::Done(rows) => Ok(rows),
                        Reply::Failed(error) => Err(error),
                        Reply::Rows { .. } => return Err(self.link.gone()),
                    };
                    return Ok(Answer { stream: kept, last });
                }
                None => return Err(self.link.gone()),
            }
        }
    }

    /// The body of a frame. Memory is taken only as bytes arrive.
    fn body(&mut self, length: usize) -> Result<Vec<u8>, Broken> {
        const AT_ONCE: usize = 1 << 20;
        let mut body = Vec::new();
        while body.len() < length {
            let start = body.len();
            body.resize(length.min(start + AT_ONCE), 0);
            let room = body.get_mut(start..).unwrap_or_default();
            self.read(room)?;
        }
        Ok(body)
    }

    fn read(&mut self, mut room: &mut [u8]) -> Result<(), Broken> {
        while !room.is_empty() {
            match (&self.link.stream).read(room) {
                Ok(0) => return Err(self.broken()),
                Ok(read) => room = room.get_mut(read..).unwrap_or_default(),
                Err(error) if waits(error.kind()) => self.look()?,
                Err(_) => return Err(self.broken()),
            }
        }
        Ok(())
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), Broken> {
        while !bytes.is_empty() {
            match (&self.link.stream).write(bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if waits(error.kind()) => {
                    // The program does not even read, and half a request cannot be cancelled.
                    if let Err(stop) = self.watch.look() {
                        self.link.program.kill();
                        return Err(Broken::Stopped { stop, killed: true });
                    }
                }
                Err(_) => return Err(self.broken()),
            }
        }
        Ok(())
    }

    fn look(&mut self) -> Result<(), Broken> {
        match self.stopped {
            None => match self.watch.look() {
                Ok(()) => Ok(()),
                Err(stop) => self.cancel(stop),
            },
            Some((_, since)) if since.elapsed() < CANCEL => Ok(()),
            Some((stop, _)) => {
                self.link.program.kill();
                Err(Broken::Stopped { stop, killed: true })
            }
        }
    }

    fn cancel(&mut self, stop: Stop) -> Result<(), Broken> {
        self.stopped = Some((stop, Instant::now()));
        let frame = Request::Cancel.frame().map_err(|_| Broken::Gone)?;
        for piece in frame {
            // This does not block for long: the program reads while it works, and the socket's buffer holds so
            // few bytes.
            if (&self.link.stream).write_all(&piece).is_err() {
                return Err(self.broken());
            }
        }
        Ok(())
    }

    /// The program is gone. If the call was stopped before, that is the reason.
    fn broken(&self) -> Broken {
        match self.stopped {
            Some((stop, _)) => Broken::Stopped { stop, killed: true },
            None => Broken::Gone,
        }
    }
}

fn waits(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
