//! The supervisor through its public interface, with real components and real files.

mod lab;
mod process;

mod commands;
mod config;
mod http;
mod rounds;
mod schedules;
mod swaps;
