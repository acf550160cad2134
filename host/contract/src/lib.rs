//! The contract between a component and this host: what may be imported, which proposals may be used, and what
//! must be exported. The host and `xtask` share it. Nothing is compiled to judge a component.
//!
//! [`Offered`] is what a host offers, function by function, read from WIT. [`standard`] has what all hosts offer.
//! [`judge`](judge()) compares a component with it.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
pub mod limits;
pub mod proposals;
pub mod sources;

pub mod function_name;
pub mod shape;
pub mod slot_fit;
pub mod type_depth;
mod validity;

pub mod offered;

mod matching;
pub mod standard;

mod hint;
mod judge;

pub use judge::{Judged, KEPT, Mismatch, MissingFunction, RUN_TYPE, judge};
pub use offered::{BadWit, Interface, Offered, Wit};
pub use proposals::Proposal;
pub use validity::Invalid;
