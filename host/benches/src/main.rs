//! Benchmarks of the host, each beside a reference in the same run: `cargo xtask bench`.
//!
//! No benchmark asserts a time. A table shows ours, the reference, their ratio, and the bar that the ratio should
//! hold. Runs can be saved and compared.

#![forbid(unsafe_code)]

// From the ground up.
mod raw;

mod cold;
mod data;
mod fuel_time;
mod ledger;
mod metering;
mod scale;
mod threads;
mod warm;

mod crossing_time;
mod host_call_time;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use fractalaw_measure::program;

fn main() -> Result<ExitCode> {
    let mut args = env::args_os().skip(1);
    if args.next().is_some_and(|first| first == threads::CHILD) {
        let guests = args.next().context("expected the folder of guests")?;
        threads::child(Path::new(&guests))?;
        return Ok(ExitCode::SUCCESS);
    }
    program::main(&[
        ("warm/hello-world", warm::hello_world),
        ("warm/hello-lean", warm::hello_lean),
        ("warm/no-imports", warm::no_imports),
        ("scale/two-threads", scale::two_threads),
        ("threads/sharing", threads::sharing),
        ("scale/10000-at-once", scale::ten_thousand_at_once),
        ("scale/million-runs", scale::million_runs),
        ("ledger/64-at-once", ledger::at_once),
        ("cold/small", cold::small),
        ("cold/large", cold::large),
        ("cold/languages", cold::languages),
        ("metering", metering::kernels),
        ("data/point-query", data::point_query),
        ("data/warm", data::warm),
        ("data/attacks", data::attacks),
        ("fuel/instructions", fuel_time::instructions),
        ("fuel/host-calls", host_call_time::host_calls),
        ("fuel/crossings", crossing_time::crossings),
    ])
}
