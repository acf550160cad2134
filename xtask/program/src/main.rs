//! `cargo xtask` in this repository.

use std::process::ExitCode;

fn main() -> ExitCode {
    fractalaw_xtask::main()
}
