//! The program `fractalaw`, started with real components.

mod adbc;
mod ai;
mod cache;
mod call_kills;
mod clock_jumps;
mod data;
mod data_desk;
mod data_diff;
mod data_import;
mod data_kills;
mod data_query;
mod descriptors;
mod exit_codes;
mod files;
mod folders;
mod inspection;
mod killing;
mod ledger;
mod ledger_kills;
mod ledger_usage;
mod limits;
mod policy;
mod postgresql;
mod printing;
mod run;
mod standard_output;
