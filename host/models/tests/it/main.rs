//! The real program, asked over real sockets. `tests/tiny` has a model of a few hundred bytes. `cargo xtask models get`
//! fetches the model for the other tests, which print `SKIPPED` if it is missing.

#![forbid(unsafe_code)]

// From the ground up.
mod client;
mod folders;

mod program;

mod commands;
mod crowds;
mod ends;
mod places;
mod reference;
mod requests;
mod slow;
mod vectors;
mod writing;
