//! `{name}`: the program `fractalaw`, with what our own host offers.

fn main() -> std::process::ExitCode {
    fractalaw_cli::main({crate}_host::offers)
}
