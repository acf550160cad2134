//! What people do with a database by hand: read it, fill it, and compare it with another one.
//!
//! Nothing is metered, and there are no grants. A [`Reader`] changes nothing and takes no lock that a run would wait
//! for. A [`Filling`] takes effect completely or not at all. [`compare`] says which rows differ, in the order of
//! their keys.

mod comparison;
mod copy;
mod error;
mod filling;
mod order;
mod reader;

pub use comparison::{Difference, compare};
pub use copy::copy;
pub use error::ByHandError;
pub use filling::{Counts, Filling};
pub use reader::{Reader, Rows};
