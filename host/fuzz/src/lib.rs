//! What no input may do to the host, as targets: each takes any bytes and panics if a promise is broken.
//!
//! The same targets are run three ways: over the corpus, as an ordinary test; by the mutation of seeds that
//! `fractalaw-fuzz` does on any toolchain; and by libFuzzer, from `libfuzzer/`. Another target is another file in
//! `targets/` and another line in [`TARGETS`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// In reading order.
mod target;
mod targets;

// What targets are made of:
mod check;
mod host;

// How they are run here:
pub mod bombs;
pub mod bounds;
pub mod corpus;
pub mod mutate;
pub mod nestings;

pub use target::{TARGETS, Target};
