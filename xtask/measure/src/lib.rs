//! What a set of benchmarks needs: its figures, measuring two things side by side, and the program around it.
//!
//! The benchmarks of the host, of `xtask` and of the harness are beside what they measure. Each set is a program,
//! which prints its figures as JSON. `cargo xtask bench` starts all of them, and prints, keeps and compares the
//! figures.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
pub mod pairs;
pub mod table;

pub mod program;
