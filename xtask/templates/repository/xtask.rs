//! `cargo xtask` in this repository.

fn main() -> std::process::ExitCode {
    fractalaw_xtask::main()
}
