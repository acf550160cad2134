//! What a run is charged: for its own instructions, and for what the host does at its call.
//!
//! `FUEL.md` says what the numbers mean and from which measurements they come.

pub(crate) mod crossing;
pub(crate) mod host_calls;
pub(crate) mod operators;

/// Version of the cost model. It changes with any number in the tables: figures of different versions
/// are not compared.
pub const COST_MODEL: u32 = 2;
