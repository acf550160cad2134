//! Benchmarks of the harness, each beside the time of its runs alone: `cargo xtask bench tests`.

#![forbid(unsafe_code)]

mod cases;

use std::process::ExitCode;

use anyhow::Result;
use fractalaw_measure::program;

fn main() -> Result<ExitCode> {
    program::main(&[
        ("tests/1000-cases", cases::thousand_cases),
        ("tests/one-case", cases::one_case),
    ])
}
