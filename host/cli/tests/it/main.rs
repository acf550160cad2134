//! The program `fractalaw`, started with real components.

mod adbc;
mod adbc_kills;
mod ai;
mod ai_servers;
mod cache;
mod call_kills;
mod clock_jumps;
mod completing;
mod data;
mod data_desk;
mod data_diff;
mod data_import;
mod data_kills;
mod data_place;
mod data_query;
mod data_trace;
/// The tests of the program that signs components start the same server.
#[path = "../../../registry/tests/it/debian.rs"]
mod debian;
mod descriptors;
mod distribution;
mod exit_codes;
mod files;
mod flight_sql;
mod folders;
mod inspection;
mod killing;
mod ledger;
mod ledger_kills;
mod ledger_usage;
mod limits;
mod models;
mod policy;
mod postgresql;
mod printing;
mod record;
mod run;
mod secret;
mod standard_output;
mod two_hosts;
