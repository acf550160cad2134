//! What a host gives, for unit tests of guests on the machine's own target.
//!
//! `micro_app::testing::Host` takes the host's place in such a test. This crate has its tables, on the engine that the real host
//! uses, and its models, with answers that were recorded. It is a dependency for tests only: nothing of it is in a component.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod answers;
mod files;
mod tables;

pub use answers::Answers;
pub use tables::SqliteTables;
