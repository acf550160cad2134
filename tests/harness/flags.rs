//! What the harness is told, beside what every test binary understands. All of it comes with the command: no
//! variable of the environment decides what is compared with what, or whether a difference counts. What insta is told
//! by variables must agree with it (`snapshot::get_ready`).

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use libtest_mimic::Arguments;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "cases")]
pub(crate) struct Flags {
    /// As of any test binary: filter, `--list`, `--exact` and so on
    #[command(flatten)]
    pub(crate) test: Arguments,
    /// The folder of the guests' components, built from the sources as they are now
    #[arg(long, value_name = "FOLDER")]
    pub(crate) guests: Option<PathBuf>,
    /// A guest of that folder whose component is not of its sources, because it could not be built
    #[arg(long, value_name = "NAME", requires = "guests")]
    pub(crate) stale: Vec<String>,
    /// The folder `tests/` of a workspace; `cargo xtask test` gives that of its own, and one behind its `--` takes its place
    #[arg(long, value_name = "FOLDER", overrides_with = "tests")]
    pub(crate) tests: Option<PathBuf>,
    /// Only these cases: a case's name, or that of a guest or a group
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// Not these cases, by the same names. `--skip` leaves out what has the text anywhere in its name
    #[arg(long, value_name = "NAME")]
    pub(crate) without: Vec<String>,
    /// What becomes of snapshots that differ
    #[arg(long, value_enum, default_value_t)]
    pub(crate) snapshots: Writing,
    /// Also hold the functions of cases against their snapshots whose cost is as it was
    #[arg(long)]
    pub(crate) every_function: bool,
    /// Compare nothing, and write what is known of each case to this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) record: Option<PathBuf>,
    /// With the profile of each case
    #[arg(long, requires = "record")]
    pub(crate) profiles: bool,
    /// With the instructions that each case ran
    #[arg(long, requires = "record")]
    pub(crate) coverage: bool,
    /// Write the time that the runs took, in nanoseconds, to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) time_in_runs: Option<PathBuf>,
}

/// What becomes of snapshots that differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Writing {
    /// They stay as they are
    #[default]
    Never,
    /// What the case gave is put beside them, for `cargo insta review`
    Pending,
    /// They are written over
    Accept,
    /// The functions of a case are written over if all else of it is as it was reviewed
    Functions,
}
