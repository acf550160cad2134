//! Benchmarks of `cargo xtask build-guests`, each beside bare cargo in the same run: `cargo xtask bench builds`. And what a
//! fresh clone compiles: `cargo xtask bench clone`.

#![forbid(unsafe_code)]

mod builds;
mod clone;
mod noted;

use std::process::ExitCode;

use anyhow::Result;
use fractalaw_measure::program;

fn main() -> Result<ExitCode> {
    if let Some(compiled) = noted::compile() {
        return compiled;
    }
    program::main_with(
        &[
            ("builds/no-op", builds::no_op),
            ("builds/growth", builds::growth),
        ],
        &[("clone/hello-world", clone::hello_world)],
    )
}
