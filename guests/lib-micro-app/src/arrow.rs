//! Arrow's IPC stream format: `stream` cuts a stream into messages, `flatbuffer` reads their heads, `schema` and `batch`
//! give columns, and `column` their values. `builder`, `write` and
//! `flatbuffer_out` go the other way.
//!
//! It is written here and not taken from the crate `arrow-ipc`, because that makes a guest of 75 KB one of 1.5 MB; this adds
//! 48 KB. The README of this crate has the figures.

mod batch;
mod builder;
mod column;
mod flatbuffer;
mod flatbuffer_out;
mod schema;
mod stream;
pub(crate) mod time;
mod write;

pub(crate) use builder::{Added, Builder};
pub(crate) use column::{Column, Value};
pub(crate) use flatbuffer::Malformed;
pub(crate) use schema::Field;
pub(crate) use stream::{Batch, Stream};
pub(crate) use write::write;
