//! Arrow IPC streams: [`write()`] makes one of columns, and [`read`] reads the columns of one.
//!
//! The reader trusts nothing. It checks every offset, length and count, takes memory only in proportion to the bytes
//! that are there, and copies no values. What it does not read is a typed error that says what it is. The writer gives
//! the same bytes as the crate `arrow-ipc`, which the tests hold both directions against.
//!
//! It is written here because the crates of Arrow take twenty times as long to compile as this one, and the program
//! `fractalaw` needs this much of them. `guests/lib-micro-app` has a codec of its own: it trusts the host, converts for
//! `serde`, reads structs and lists, and must stay small in a guest, where this one's checks would cost fuel.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

// From the ground up.
pub mod limits;

mod error;
mod types;

mod read;
mod write;

pub use error::{ReadError, WriteError};
pub use read::{Batch, Decimal, Stream, Value, Vector, read};
pub use types::{DataType, Field, Integer, TimeUnit};
pub use write::{Array, Bits, Column, Validity, write};
