//! `wasi:io`: streams, pollables and errors.

use wasmtime_wasi::p2::bindings::io::streams::StreamError;
use wasmtime_wasi::p2::bindings::io::{error, streams};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, IoError};

use super::offering::offer;
use super::{streams as fixed, timers};
use crate::offer::payload::Payload;
use crate::offer::state::RunState;

offer! {
    "wasi:io/error@0.2.12", state => state.handles();
        sync "[method]error.to-debug-string"(this) -> value = LOOKUP, fixed::to_debug_string;
        [sync "error": IoError, error::HostError::drop;]
    "wasi:io/poll@0.2.12", state => state;
        wait "[method]pollable.ready"(this) -> value = WAIT, timers::ready;
        wait "[method]pollable.block"(this) -> nothing = WAIT, timers::block;
        wait "poll"(pollables) -> value = WAIT, timers::poll;
        [sync "pollable": DynPollable, timers::drop;]
    "wasi:io/streams@0.2.12", state => state.handles();
        wait "[method]input-stream.read"(this, len) -> stream = STREAM, fixed::read;
        wait "[method]input-stream.blocking-read"(this, len) -> stream = STREAM, fixed::read;
        wait "[method]input-stream.skip"(this, len) moves len -> stream = STREAM, fixed::skip;
        wait "[method]input-stream.blocking-skip"(this, len) moves len -> stream = STREAM, fixed::skip;
        sync "[method]input-stream.subscribe"(this) -> value = HANDLE, streams::HostInputStream::subscribe;
        sync "[method]output-stream.check-write"(this) -> stream = LOOKUP, streams::HostOutputStream::check_write;
        wait "[method]output-stream.write"(this, contents) -> stream = STREAM, fixed::write;
        wait "[method]output-stream.blocking-write-and-flush"(this, contents) -> stream = STREAM, streams::HostOutputStream::blocking_write_and_flush;
        sync "[method]output-stream.flush"(this) -> stream = STREAM, streams::HostOutputStream::flush;
        wait "[method]output-stream.blocking-flush"(this) -> stream = STREAM, streams::HostOutputStream::blocking_flush;
        sync "[method]output-stream.subscribe"(this) -> value = HANDLE, streams::HostOutputStream::subscribe;
        wait "[method]output-stream.write-zeroes"(this, len) asks (fixed::zeroes(len)) -> stream = STREAM, fixed::write_zeroes;
        wait "[method]output-stream.blocking-write-zeroes-and-flush"(this, len) asks (fixed::zeroes(len)) -> stream = STREAM, streams::HostOutputStream::blocking_write_zeroes_and_flush;
        wait "[method]output-stream.splice"(this, src, len) moves len -> stream = STREAM, fixed::splice;
        wait "[method]output-stream.blocking-splice"(this, src, len) moves len -> stream = STREAM, fixed::splice;
        [wait "input-stream": DynInputStream, streams::HostInputStream::drop;
         wait "output-stream": DynOutputStream, streams::HostOutputStream::drop;]
}

impl Payload for StreamError {
    fn bytes(&self) -> u64 {
        4
    }
}
