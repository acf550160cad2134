//! A call for data, whichever engine answers it: what it may use, and how it fails.
//!
//! The SQLite engine and the client of ADBC drivers share these types, so that a guest is told the same by both. The
//! client must not depend on the engine, because its program would then compile SQLite.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

// From the ground up.
mod failure;

mod budget;

pub use budget::{Amount, Budget, Unlimited};
pub use failure::{CallError, Code, Failure, Quota, Stop};
