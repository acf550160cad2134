//! `fractalaw`: runs micro-apps from the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    fractalaw_cli::main(Vec::new)
}
