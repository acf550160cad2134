//! `fractalaw-serve`: the supervisor of micro-apps.

use std::process::ExitCode;

fn main() -> ExitCode {
    fractalaw_serve::main(Vec::new)
}
