//! Runs the cases in our own host, and compares their reports with the snapshots.

fn main() -> std::process::ExitCode {
    fractalaw_tests::main(env!("CARGO_MANIFEST_DIR"), {crate}_host::offers)
}
