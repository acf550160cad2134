//! What no input may do to the host, as targets. Each takes any bytes and panics if a promise is broken.
//!
//! The same targets run in three ways: over the corpus, as an ordinary test; with mutated seeds, by
//! `fractalaw-fuzz` on any toolchain; and with libFuzzer, from `libfuzzer/`. A new target is a new file in
//! `targets/` and a new line in [`TARGETS`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up. What targets are made of:
pub mod mutate;

pub mod bombs;
mod check;
mod choices;
mod data;
pub mod doublings;
mod host;
pub mod nestings;
pub mod outcomes;

// The targets:
mod targets;

mod target;

// How they are run here:
pub mod bounds;
pub mod corpus;

pub use target::{TARGETS, Target};
