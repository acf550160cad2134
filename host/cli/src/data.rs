//! `fractalaw data`: what people do with the databases of micro-apps.

// From the ground up:
mod output;
mod value;

mod rows;
mod table;

mod sheet;

// The commands:
mod import;
mod query;

mod diff;

use std::process::ExitCode;

use crate::exit;
use crate::flags::data::Data;

/// Runs the command.
pub(crate) fn run(flags: &Data) -> ExitCode {
    match flags {
        Data::Query(flags) => exit::printed(query::run(flags)),
        Data::Import(flags) => exit::printed(import::run(flags)),
        Data::Diff(flags) => diff::run(flags),
    }
}
