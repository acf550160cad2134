//! What the host and the program say to each other.
//!
//! The program gets [`Open`] on its standard input, as one line of JSON, and answers one line, [`Opened`]. After that, the
//! standard input tells nothing more, but its end: the host is gone, or needs the database no longer.
//!
//! Each run has a connection of its own to the program's socket. It says one [`Request`] after the other, and gets answers:
//! any number of [`Reply::Rows`], then one that is not. `Cancel` may come in between and has no answer of its own.
//!
//! A frame is its kind, a byte; the length of what follows, four bytes; and that. Numbers stand lowest byte first. Neither
//! side believes the other a length over [`FRAME_BYTES`], or a frame that does not make sense: a driver that writes where it
//! should not can make the program say anything.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::engine::Traits;
use crate::error::{CallError, Code};
use crate::limits::FRAME_BYTES;

/// Where the database is. It has secrets in it, so it is not printed.
#[derive(Serialize, Deserialize)]
pub struct Open {
    /// The driver's shared library: a file, or a name for which the system looks.
    pub driver: Library,
    /// The function in it that gives the driver.
    pub entrypoint: String,
    /// Options of the database, in the order in which they are set.
    pub options: Vec<(String, String)>,
    /// What to know of the database.
    pub traits: Traits,
    /// The socket to listen at. Its folder is removed at the end.
    pub socket: PathBuf,
}

/// A shared library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Library {
    /// A file.
    File(PathBuf),
    /// A name, as the system's loader looks for it.
    Name(String),
}

/// How opening the database went. Messages are the driver's own words, secrets included.
#[derive(Debug, Serialize, Deserialize)]
pub enum Opened {
    /// Runs may connect.
    Ready,
    /// The library cannot be loaded.
    NoLibrary(String),
    /// The library has no such function.
    NoEntrypoint(String),
    /// The function gave no driver.
    NoDriver(String),
    /// The driver does not open the database.
    NoDatabase(String),
}

/// What a run asks of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// A connection for the run, in a transaction. The statement comes first, if it is not empty.
    Begin(&'a str),
    /// The rows of a statement.
    Query(&'a str),
    /// A statement's changes.
    Execute(&'a str),
    /// Rows of an Arrow stream into a table.
    Insert {
        /// The table.
        table: &'a str,
        /// The stream.
        stream: &'a [u8],
    },
    /// What the run did takes effect.
    Commit,
    /// It does not.
    Rollback,
    /// What is being done is to end.
    Cancel,
}

/// What the program answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// A piece of the Arrow stream of a query, with what of it has to be paid.
    Rows {
        /// Rows in it.
        rows: u64,
        /// Columns of the result.
        columns: u32,
        /// Bytes of its values.
        bytes: u64,
        /// The piece.
        stream: &'a [u8],
    },
    /// It is done, and changed so many rows; -1 where the driver does not tell.
    Done(i64),
    /// It failed.
    Failed(CallError),
}

const BEGIN: u8 = 1;
const QUERY: u8 = 2;
const EXECUTE: u8 = 3;
const INSERT: u8 = 4;
const COMMIT: u8 = 5;
const ROLLBACK: u8 = 6;
const CANCEL: u8 = 7;
const ROWS: u8 = 17;
const DONE: u8 = 18;
const FAILED: u8 = 19;

/// Bytes before what a frame carries.
pub const HEAD_BYTES: usize = 5;

impl<'a> Request<'a> {
    /// The frame, in pieces that need not be copied.
    pub fn frame(&self) -> io::Result<[Vec<u8>; 2]> {
        let (kind, first, rest) = match self {
            Request::Begin(sql) => (BEGIN, Vec::new(), sql.as_bytes()),
            Request::Query(sql) => (QUERY, Vec::new(), sql.as_bytes()),
            Request::Execute(sql) => (EXECUTE, Vec::new(), sql.as_bytes()),
            Request::Insert { table, stream } => {
                let length = u32::try_from(table.len()).map_err(io::Error::other)?;
                let first = [&length.to_le_bytes()[..], table.as_bytes()].concat();
                (INSERT, first, *stream)
            }
            Request::Commit => (COMMIT, Vec::new(), &[][..]),
            Request::Rollback => (ROLLBACK, Vec::new(), &[][..]),
            Request::Cancel => (CANCEL, Vec::new(), &[][..]),
        };
        let mut head = head(kind, first.len() + rest.len())?.to_vec();
        head.extend(first);
        Ok([head, rest.to_vec()])
    }

    /// The request in a frame.
    pub fn read(kind: u8, body: &'a [u8]) -> Option<Request<'a>> {
        let text = || std::str::from_utf8(body).ok();
        Some(match kind {
            BEGIN => Request::Begin(text()?),
            QUERY => Request::Query(text()?),
            EXECUTE => Request::Execute(text()?),
            INSERT => {
                let mut rest = body;
                let length = u32::from_le_bytes(take(&mut rest)?);
                let (table, stream) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                Request::Insert {
                    table: std::str::from_utf8(table).ok()?,
                    stream,
                }
            }
            COMMIT if body.is_empty() => Request::Commit,
            ROLLBACK if body.is_empty() => Request::Rollback,
            CANCEL if body.is_empty() => Request::Cancel,
            _ => return None,
        })
    }
}

impl<'a> Reply<'a> {
    /// Writes the frame.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (kind, first, rest) = match self {
            Reply::Rows {
                rows,
                columns,
                bytes,
                stream,
            } => {
                let mut first = rows.to_le_bytes().to_vec();
                first.extend(columns.to_le_bytes());
                first.extend(bytes.to_le_bytes());
                (ROWS, first, *stream)
            }
            Reply::Done(rows) => (DONE, rows.to_le_bytes().to_vec(), &[][..]),
            Reply::Failed(error) => {
                let code = (error.code as u32).to_le_bytes().to_vec();
                (FAILED, code, error.message.as_bytes())
            }
        };
        let mut start = head(kind, first.len() + rest.len())?.to_vec();
        start.extend(first);
        to.write_all(&start)?;
        to.write_all(rest)
    }

    /// The reply in a frame.
    pub fn read(kind: u8, body: &'a [u8]) -> Option<Reply<'a>> {
        let mut rest = body;
        Some(match kind {
            ROWS => Reply::Rows {
                rows: u64::from_le_bytes(take(&mut rest)?),
                columns: u32::from_le_bytes(take(&mut rest)?),
                bytes: u64::from_le_bytes(take(&mut rest)?),
                stream: rest,
            },
            DONE => {
                let rows = i64::from_le_bytes(take(&mut rest)?);
                rest.is_empty().then_some(Reply::Done(rows))?
            }
            FAILED => {
                let code = Code::of(u32::from_le_bytes(take(&mut rest)?))?;
                // A driver's words need not be text.
                let message = String::from_utf8_lossy(rest).into_owned();
                Reply::Failed(CallError { code, message })
            }
            _ => return None,
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

fn head(kind: u8, length: usize) -> io::Result<[u8; HEAD_BYTES]> {
    let fits = u32::try_from(length).ok().filter(|_| length <= FRAME_BYTES);
    let [a, b, c, d] = fits
        .ok_or_else(|| io::Error::other("a frame that is too long"))?
        .to_le_bytes();
    Ok([kind, a, b, c, d])
}

/// The kind of a frame, and how many bytes it carries.
pub fn read_head(head: [u8; HEAD_BYTES]) -> Option<(u8, usize)> {
    let [kind, a, b, c, d] = head;
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
    (length <= FRAME_BYTES).then_some((kind, length))
}

/// A whole frame, or nothing where the other side is gone or makes no sense. Memory is taken as bytes come.
pub fn read_frame(from: &mut impl Read) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; HEAD_BYTES];
    from.read_exact(&mut head).ok()?;
    let (kind, length) = read_head(head)?;
    let mut body = Vec::new();
    from.take(length as u64).read_to_end(&mut body).ok()?;
    (body.len() == length).then_some((kind, body))
}

#[cfg(test)]
mod tests {
    use super::{Reply, Request, read_frame};
    use crate::error::{CallError, Code};

    #[test]
    fn requests_come_back_as_they_were_and_no_part_of_them_does() {
        for request in [
            Request::Begin(""),
            Request::Query("SELECT 'ä'"),
            Request::Execute("DELETE FROM t"),
            Request::Insert {
                table: "t",
                stream: &[0, 255],
            },
            Request::Insert {
                table: "",
                stream: &[],
            },
            Request::Commit,
            Request::Rollback,
            Request::Cancel,
        ] {
            let frame = request.frame().unwrap().concat();
            let (kind, body) = read_frame(&mut &frame[..]).unwrap();
            assert_eq!(Request::read(kind, &body), Some(request));
            for length in 0..frame.len() {
                assert_eq!(read_frame(&mut &frame[..length]), None, "{request:?}");
            }
        }
    }

    #[test]
    fn replies_come_back_as_they_were_and_what_is_none_is_not_believed() {
        for reply in [
            Reply::Rows {
                rows: 3,
                columns: 2,
                bytes: 70_000,
                stream: b"arrow",
            },
            Reply::Done(-1),
            Reply::Failed(CallError::new(Code::Busy, "held")),
        ] {
            let mut frame = Vec::new();
            reply.write(&mut frame).unwrap();
            let (kind, body) = read_frame(&mut &frame[..]).unwrap();
            assert_eq!(Reply::read(kind, &body), Some(reply));
        }
        for (kind, body) in [
            (16, &[][..]),
            (18, &[0; 7][..]),
            (18, &[0; 9][..]),
            (17, &[0; 19][..]),
            (19, &[0; 4][..]),
            (19, &[10, 0, 0, 0][..]),
        ] {
            assert_eq!(Reply::read(kind, body), None, "{kind} {body:?}");
        }
        assert_eq!(read_frame(&mut &[18, 255, 255, 255, 255][..]), None);
    }
}
