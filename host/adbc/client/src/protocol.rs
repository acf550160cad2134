//! The protocol between the host and the program.
//!
//! The program reads [`Open`] from its standard input, as one line of JSON, and answers with one line,
//! [`Opened`]. After that, nothing more is written to standard input. When it closes, the host has ended or no
//! longer needs the database.
//!
//! Each run has its own connection to the program's socket. It sends one [`Request`] after the other. The replies
//! to a request are any number of [`Reply::Rows`] and then one other reply. `Cancel` can be sent in between and
//! has no reply of its own.
//!
//! A frame is one byte for its kind, four bytes for the length of the body, and the body. Numbers are
//! little-endian. Both sides refuse a length over [`FRAME_BYTES`] and a frame that makes no sense, because a
//! driver that overwrites memory can make the program send anything.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use fractalaw_data_call::{CallError, Code};
use serde::{Deserialize, Serialize};

use crate::engine::Traits;
use crate::limits::FRAME_BYTES;

/// Where the database is. It holds secrets, so it does not implement `Debug`.
#[derive(Serialize, Deserialize)]
pub struct Open {
    /// The driver's shared library: a file, or a name that the system looks for.
    pub library: Library,
    /// The function in the library that returns the driver.
    pub entrypoint: String,
    /// Options of the database, in the order in which they are set.
    pub options: Vec<(String, String)>,
    /// What the program must know about the database.
    pub traits: Traits,
    /// The socket to listen on. Its folder is removed at the end.
    pub socket: PathBuf,
}

/// A shared library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Library {
    /// A file.
    File(PathBuf),
    /// A name for the system's loader.
    Name(String),
}

/// The result of opening the database. Messages are the driver's own and can hold secrets.
#[derive(Debug, Serialize, Deserialize)]
pub enum Opened {
    /// The database is open, and runs can connect.
    Ready,
    /// The library cannot be loaded.
    NoLibrary(String),
    /// The library has no such function.
    NoEntrypoint(String),
    /// The function returned no driver.
    NoDriver(String),
    /// The driver cannot open the database.
    NoDatabase(String),
}

/// What a run asks of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Opens a connection for the run and begins a transaction. The statement runs first, if it is not empty.
    Begin(&'a str),
    /// Runs a statement and returns its rows.
    Query(&'a str),
    /// Runs a statement that changes rows.
    Execute(&'a str),
    /// Inserts the rows of an Arrow stream into a table.
    Insert {
        /// The table.
        table: &'a str,
        /// The stream.
        stream: &'a [u8],
    },
    /// Commits what the run did.
    Commit,
    /// Rolls back what the run did.
    Rollback,
    /// Ends the current request.
    Cancel,
}

/// What the program replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// A piece of a query's Arrow stream, and what it costs.
    Rows {
        /// The rows in it.
        rows: u64,
        /// The columns of the result.
        columns: u32,
        /// The bytes of its values.
        bytes: u64,
        /// The piece.
        stream: &'a [u8],
    },
    /// The request is done and changed this many rows, or -1 if the driver does not say.
    Done(i64),
    /// The request failed.
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

/// The bytes of a frame before its body.
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
                // A driver's message need not be UTF-8.
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

/// The kind of a frame and the length of its body.
pub fn read_head(head: [u8; HEAD_BYTES]) -> Option<(u8, usize)> {
    let [kind, a, b, c, d] = head;
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
    (length <= FRAME_BYTES).then_some((kind, length))
}

/// A whole frame, or `None` if the other side is gone or the frame makes no sense. Memory is taken only as bytes
/// arrive.
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
    use fractalaw_data_call::{CallError, Code};

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
