//! Cuts a stream into messages: the head of each, and its body.

use super::fault::Fault;
use super::flatbuffer::Table;
use crate::error::ReadError;

/// Stands before each message since version 0.15 of Arrow.
const CONTINUES: [u8; 4] = [0xff; 4];

/// The first bytes of a file.
const FILE: &[u8] = b"ARROW1";

/// The messages of a stream that were not read yet.
pub(super) struct Messages<'a> {
    rest: &'a [u8],
    number: usize,
}

#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) head: Head<'a>,
    /// The bytes of the head.
    pub(super) bytes: &'a [u8],
    pub(super) body: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Head<'a> {
    Schema(Table<'a>),
    Batch(Table<'a>),
    Dictionary {
        id: i64,
        batch: Table<'a>,
        /// It adds to the dictionary with this number, and does not replace it.
        adds: bool,
    },
}

impl<'a> Messages<'a> {
    pub(super) fn of(stream: &'a [u8]) -> Result<Messages<'a>, ReadError> {
        if stream.starts_with(FILE) {
            return Err(ReadError::File);
        }
        Ok(Messages {
            rest: stream,
            number: 0,
        })
    }

    /// The next message with its number, or nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<(usize, Message<'a>)>, ReadError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let message = self.number;
        let cut_off = ReadError::CutOff { message };
        let mut length = self.take().ok_or(cut_off.clone())?;
        if length == CONTINUES {
            length = self.take().ok_or(cut_off.clone())?;
        }
        let length = u32::from_le_bytes(length) as usize;
        if length == 0 {
            return match self.rest {
                [] => Ok(None),
                _ => Err(ReadError::Malformed {
                    message,
                    problem: "there are bytes after the end",
                }),
            };
        }
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(cut_off.clone())?;
        let (head, body) = open(bytes).map_err(|fault| fault.in_message(message))?;
        let (body, rest) = rest.split_at_checked(body).ok_or(cut_off)?;
        self.rest = rest;
        Ok(Some((message, Message { head, bytes, body })))
    }

    fn take(&mut self) -> Option<[u8; 4]> {
        let (word, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*word)
    }
}

/// The head, and the length of the body.
fn open(bytes: &[u8]) -> Result<(Head<'_>, usize), Fault> {
    let message = Table::root(bytes)?;
    // Versions are counted from 0.
    let version = i32::from(message.i16(0, 0)?) + 1;
    if !(4..=5).contains(&version) {
        return Err(ReadError::Version { version }.into());
    }
    let head = message.table(2)?.ok_or("a message without a head")?;
    let head = match message.u8(1)? {
        1 => Head::Schema(head),
        2 => Head::Dictionary {
            id: head.i64(0)?,
            batch: head.table(1)?.ok_or("a dictionary without values")?,
            adds: head.bool(2)?,
        },
        3 => Head::Batch(head),
        4 | 5 => return Err("a tensor, expected a batch or a dictionary".into()),
        _ => return Err("a message of an unknown kind".into()),
    };
    let body = usize::try_from(message.i64(3)?).map_err(|_| "a body of negative length")?;
    Ok((head, body))
}
