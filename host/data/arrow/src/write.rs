//! Writes columns as a stream: the schema, then batches of rows.
//!
//! The bytes are those that the crate `arrow-ipc` writes: version 5 of the format, each buffer at a multiple of 64 bytes.

// From the ground up.
mod bits;
mod flatbuffer;

mod column;

mod heads;

use crate::error::WriteError;
use column::Part;

pub use bits::{Bits, Validity};
pub use column::{Array, Column};

/// What heads and buffers are padded to, as `arrow-ipc` does. The format asks for 8.
const ALIGNMENT: usize = 64;

/// Stands before each message.
const CONTINUES: [u8; 4] = [0xff; 4];

/// The head of a batch and the buffers of its body.
struct Message<'c> {
    head: Vec<u8>,
    parts: Vec<Part<'c>>,
    body: usize,
}

/// Writes columns of so many rows as a stream. Each batch but the last has `batch_rows` rows, rounded up to a multiple of
/// 8. Without rows, there is no batch. Each value is copied once.
///
/// # Errors
///
/// If a column has another number of rows, or text that is not UTF-8.
pub fn write(
    columns: &[Column<'_>],
    rows: usize,
    batch_rows: usize,
) -> Result<Vec<u8>, WriteError> {
    for column in columns {
        column.check(rows)?;
    }
    let mut messages = vec![Message {
        head: heads::schema(columns),
        parts: Vec::new(),
        body: 0,
    }];
    // A batch then begins at a whole byte of bits.
    let batch_rows = batch_rows.max(1).next_multiple_of(8);
    for start in (0..rows).step_by(batch_rows) {
        messages.push(batch(columns, start, rows.min(start + batch_rows)));
    }
    let lengths = messages
        .iter()
        .map(|message| padded_head(message) + message.body);
    // Zeros are the padding.
    let mut stream = vec![0; lengths.sum::<usize>() + 8];
    let mut rest = &mut stream[..];
    for message in &messages {
        let head = padded_head(message);
        rest[..4].copy_from_slice(&CONTINUES);
        rest[4..8].copy_from_slice(&(head as u32 - 8).to_le_bytes());
        rest[8..8 + message.head.len()].copy_from_slice(&message.head);
        rest = &mut rest[head..];
        for part in &message.parts {
            part.put(rest);
            rest = &mut rest[part.bytes().next_multiple_of(ALIGNMENT)..];
        }
    }
    // A head of no bytes ends the stream.
    rest[..4].copy_from_slice(&CONTINUES);
    Ok(stream)
}

fn padded_head(message: &Message<'_>) -> usize {
    (8 + message.head.len()).next_multiple_of(ALIGNMENT)
}

fn batch<'c>(columns: &[Column<'c>], start: usize, end: usize) -> Message<'c> {
    let (mut nodes, mut parts) = (Vec::new(), Vec::new());
    for column in columns {
        column.parts(start, end, &mut nodes, &mut parts);
    }
    let (mut places, mut body) = (Vec::with_capacity(parts.len()), 0);
    for part in &parts {
        places.push((body, part.bytes()));
        body += part.bytes().next_multiple_of(ALIGNMENT);
    }
    Message {
        head: heads::batch(end - start, &nodes, &places, body),
        parts,
        body,
    }
}
