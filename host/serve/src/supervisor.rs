//! The supervisor: it claims what is due, runs it through the host, and settles it, until it is told to stop.

// From the ground up.
mod shared;

mod check;
mod not_taken;
mod start;
mod swap;
mod swapped;

mod looking;

mod rounds;

pub use shared::{Stopping, Supervisor};
pub use start::Setup;
pub(crate) use start::open as files;
