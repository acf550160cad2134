//! Benchmarks of the engine of data, each beside a reference in the same run: `cargo xtask bench data`.
//!
//! They do not link the host, so `cargo run --release -p fractalaw-data-benches` is built in a minute. It measures
//! what the prices in `host/data/sqlite/src/price.rs` are set by. `host/benches/` measures what a guest sees.

#![forbid(unsafe_code)]

mod attacks;
mod compiled;
mod schemas;
mod statements;
mod streams;
mod values;

mod fuel;
mod rows;
mod searches;

use std::process::ExitCode;

use anyhow::Result;
use fractalaw_measure::program;

fn main() -> Result<ExitCode> {
    program::main(&[
        ("data/million-rows", rows::million),
        ("data/fuel", fuel::statements),
    ])
}
