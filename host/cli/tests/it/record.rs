//! `--record`: a run, with all that it is given, becomes a case. Here the case is made into flags again, and the run is
//! repeated by them, to the unit of fuel. `cargo xtask test --from` does the same with the harness.

mod lab;

mod given;
mod keys;
mod refused;
mod started;
