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
mod metering;
mod scale;
mod warm;

mod host_call_time;

use std::process::ExitCode;

use anyhow::Result;
use fractalaw_measure::program;

fn main() -> Result<ExitCode> {
    program::main(&[
        ("warm/hello-world", warm::hello_world),
        ("warm/no-imports", warm::no_imports),
        ("scale/two-threads", scale::two_threads),
        ("scale/10000-at-once", scale::ten_thousand_at_once),
        ("scale/million-runs", scale::million_runs),
        ("cold/small", cold::small),
        ("cold/large", cold::large),
        ("metering", metering::kernels),
        ("data/point-query", data::point_query),
        ("data/warm", data::warm),
        ("data/attacks", data::attacks),
        ("fuel/instructions", fuel_time::instructions),
        ("fuel/host-calls", host_call_time::host_calls),
    ])
}
