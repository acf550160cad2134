//! What a run is charged for its own instructions and for the work that the host does in its calls.
//!
//! `FUEL.md` says what the numbers mean and from which measurements they come. `COST_MODEL` of the report changes
//! with any number in the tables.

pub(crate) mod crossing;
pub(crate) mod host_calls;
pub(crate) mod operators;
