//! What no input may do to the host, as targets: each takes any bytes and panics if a promise is broken.
//!
//! The same targets are run three ways: over the corpus, as an ordinary test; by the mutation of seeds that
//! `fractalaw-fuzz` does on any toolchain; and by libFuzzer, from `libfuzzer/`. Another target is another file in
//! `targets/` and another line in [`TARGETS`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up. What targets are made of:
pub mod mutate;

pub mod bombs;
mod check;
mod host;
pub mod nestings;

// The targets:
mod targets;

mod target;

// How they are run here:
pub mod bounds;
pub mod corpus;

pub use target::{TARGETS, Target};
