//! The supervisor of micro-apps: it runs them when something happens, for years.
//!
//! `README.md` says how to start it, what is exactly once, and what a power loss can lose.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
pub mod limits;

pub mod config;
