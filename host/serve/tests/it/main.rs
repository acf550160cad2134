//! The supervisor through its public interface, with real components and real files.

mod lab;
mod ledger;
mod process;
mod promises;
mod reacting;

// What emits and schedules, as the tests of events have it.
#[path = "../../../events/tests/it/guests.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod guests;

mod commands;
mod config;
mod data_kills;
mod http;
mod kills;
mod load_swaps;
mod page;
mod plan;
mod recorded_swaps;
mod rounds;
mod schedules;
mod sets;
mod swaps;
mod warnings;

#[path = "../../../../xtask/tests/commands/chromium.rs"]
#[expect(dead_code, reason = "this page is no file")]
mod chromium;
