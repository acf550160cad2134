//! The harness on the cases of this repository, and its own tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    fractalaw_tests::main_with_own_tests(env!("CARGO_MANIFEST_DIR"))
}
