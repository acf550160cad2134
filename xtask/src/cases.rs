//! The cases in `tests/`: their names, the ones that a command line means, and the harness that runs them.

// From the ground up, as in `main.rs`.
pub(crate) mod asked;
pub(crate) mod names;

pub(crate) mod harness;
pub(crate) mod records;

pub(crate) mod recording;
