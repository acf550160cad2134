//! Benchmarks of `cargo xtask build-guests`, each beside bare cargo in the same run: `cargo xtask bench builds`.

#![forbid(unsafe_code)]

mod builds;

use std::process::ExitCode;

use anyhow::Result;
use fractalaw_measure::program;

fn main() -> Result<ExitCode> {
    program::main(&[
        ("builds/no-op", builds::no_op),
        ("builds/growth", builds::growth),
    ])
}
