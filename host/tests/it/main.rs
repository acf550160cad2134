//! The host through its public face: real components in the real engine, and the `fractalaw` binary.

mod apart;
mod attacks;
mod cache;
mod cli;
mod clock_jumps;
mod components;
mod files;
mod first_run;
mod grants;
mod host_calls;
mod hostile;
mod inspection;
mod interfaces;
mod isolation;
mod ledger;
mod ledger_cli;
mod ledger_kills;
mod ledger_lab;
mod line;
mod metering;
mod policies;
mod policy_cli;
mod printing;
mod profile;
mod profile_on_paper;
mod quotas;
