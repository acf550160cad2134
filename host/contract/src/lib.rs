//! The contract between a component and this host, which the host and `xtask` share: what may be imported, which
//! proposals may be used, what must be exported. Nothing is compiled to tell.
//!
//! [`Offered`] is what a host offers, function by function, read from WIT; [`standard`] is what all hosts have of it.
//! [`judge`](judge()) holds a component against it.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
pub mod limits;
pub mod proposals;

pub mod function_name;
pub mod shape;
pub mod type_depth;
mod validity;

pub mod offered;

mod matching;
pub mod standard;

pub mod hint;
mod judge;

pub use judge::{Judged, KEPT, Mismatch, MissingFunction, RUN_TYPE, judge};
pub use offered::{BadWit, Interface, Offered, Wit};
pub use proposals::Proposal;
pub use validity::Invalid;
