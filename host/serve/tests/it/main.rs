//! The supervisor through its public interface, with real components and real files.

mod lab;
mod ledger;
mod process;

mod commands;
mod config;
mod http;
mod load_swaps;
mod rounds;
mod schedules;
mod swaps;
