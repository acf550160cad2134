//! What a benchmark says: its figures, how two things are measured side by side, and the program around it.
//!
//! The benchmarks of the host, of `xtask` and of the harness stand beside what they measure, each set a program of its
//! own. A program prints its figures as JSON; `cargo xtask bench` starts them all and shows, keeps and compares the
//! figures.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
pub mod pairs;
pub mod table;

pub mod program;
