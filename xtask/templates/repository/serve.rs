//! `{name}-serve`: the supervisor of Fractalaw, with what our own host offers. `{name} serve` starts it.

fn main() -> std::process::ExitCode {
    fractalaw_serve::main({crate}_host::offers)
}
