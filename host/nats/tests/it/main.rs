//! The program through its command line, with real servers on loopback. Without the server, which
//! `cargo xtask servers` fetches, these tests say that they are skipped.

mod away;
mod commands;
mod config;
mod kills;
mod lab;
mod servers;
mod set;
mod supervisor;
mod supervisors;
mod troubles;
