//! All commands and flags, with their help: `cargo xtask` alone shows the page below.

pub(crate) mod completions;
mod guide;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::language::Template;
use guide::GUIDE;
pub(crate) use guide::RUN_OPTIONS;

/// Builds, runs and tests micro-apps.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
#[command(after_help = GUIDE, after_long_help = GUIDE, disable_help_subcommand = true)]
pub(crate) struct Flags {
    /// Without a command the help is shown
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// One command, one file.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build guests from source to components, those that are stale
    BuildGuests(BuildGuests),
    /// Build what is stale, then run a guest and print its report
    #[command(after_help = RUN_OPTIONS, after_long_help = RUN_OPTIONS)]
    Run(Run),
    /// Build what is stale, then say what a guest is, what it asks for, and what a policy says of it
    Inspect(Inspect),
    /// Read and verify a ledger, with the auditor's program
    #[command(disable_help_flag = true)]
    Ledger(Ledger),
    /// Build what a folder names, and run its micro-apps when something happens
    Serve(Serve),
    /// Hold every guest's report against its reviewed snapshots, and run the host's own tests
    Test(Test),
    /// Say which function of a guest used how much fuel, to the unit
    Profile(Profile),
    /// Show what every case costs, beside what was reviewed or another revision
    Fuel(Fuel),
    /// Write one page of what every case does and costs, to be read in a browser
    Report(Report),
    /// Measure the host beside raw Wasmtime
    Bench(Bench),
    /// Look for inputs that break a promise of the host
    Fuzz(Fuzz),
    /// Make a guest with a first case that passes
    New(New),
    /// Check everything that CI checks
    Ci,
    /// Fetch the ADBC drivers that tests use
    Drivers,
    /// Fetch the servers that tests use
    Servers,
    /// Models for `fractalaw-models`, the program that runs models
    #[command(subcommand, disable_help_subcommand = true)]
    Models(Models),
    /// Check the rules of this repository that no other tool knows
    Tidy,
    /// Print a script with which a shell completes `cargo xtask`
    #[command(after_help = completions::HELP, after_long_help = completions::HELP)]
    Completions(completions::Completions),
}

/// Flags of `build-guests`.
#[derive(Debug, Args)]
pub(crate) struct BuildGuests {
    /// Guests to build; all when none is named
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Print a JSON document instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Build nothing: print the names of the guests that are stale, and fail if there are any
    #[arg(long, conflicts_with_all = ["json", "sizes"])]
    pub(crate) check: bool,
    /// Also print what the bytes of each component are made of
    #[arg(long, conflicts_with = "json")]
    pub(crate) sizes: bool,
}

/// Flags of `run`. All after the first argument belongs to `fractalaw run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The name of a guest, or the path of a component: what holds a `/` or ends in `.wasm`
    // An option in its place is taken too: `run` says where it belongs.
    #[arg(value_name = "GUEST|PATH", allow_hyphen_values = true)]
    pub(crate) what: String,
    /// Run it again when its source or its input changes. It may also follow the guest
    #[arg(long)]
    pub(crate) watch: bool,
    /// Options of the run
    #[arg(
        value_name = "OPTIONS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) options: Vec<String>,
}

/// Flags of `inspect`. All after the first argument belongs to `fractalaw inspect`.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The name of a guest, or the path of a component: what holds a `/` or ends in `.wasm`
    #[arg(value_name = "GUEST|PATH")]
    pub(crate) what: String,
    /// `--policy FILE`, `--grant LINE`, `--data FILE[:rw]`, `--json`
    #[arg(
        value_name = "OPTIONS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) options: Vec<String>,
}

/// Flags of `serve`. What follows the folder belongs to `fractalaw serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The folder with `fractalaw.toml`
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Build guests whose sources change. The supervisor takes their new versions
    #[arg(long)]
    pub(crate) watch: bool,
    /// Options of `fractalaw serve`
    #[arg(value_name = "OPTIONS", last = true)]
    pub(crate) options: Vec<String>,
}

/// Flags of `ledger`: all of it belongs to `fractalaw-ledger`.
#[derive(Debug, Args)]
pub(crate) struct Ledger {
    /// Its arguments: `cargo xtask ledger --help` shows them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<OsString>,
}

/// Flags of `test`.
#[derive(Debug, Default, Args)]
pub(crate) struct Test {
    /// A case, or a guest or group for all of its cases; one text otherwise: tests whose name contains it
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Accept what the cases do now: write their snapshots
    #[arg(long, conflicts_with = "review")]
    pub(crate) accept: bool,
    /// Review the pending snapshots one by one, with `cargo insta`
    #[arg(long)]
    pub(crate) review: bool,
    /// Make a recorded run a case of its guest: a folder that `fractalaw run --record FOLDER` made
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["names", "accept", "review", "all"])]
    pub(crate) from: Option<PathBuf>,
    /// Run the cases and say which lines of the guests' sources they reach; compare nothing
    #[arg(long, conflicts_with_all = ["accept", "review", "from", "all"])]
    pub(crate) coverage: bool,
    /// Also the examples in the documentation, the tests of `xtask`, which build guests from nothing, those of
    /// the ledger, what fuzzing has found, and the profile of every case
    #[arg(long, conflicts_with_all = ["accept", "review"])]
    pub(crate) all: bool,
    /// Run the cases again that a change of sources, cases, inputs or snapshots concerns
    #[arg(long, conflicts_with_all = ["accept", "review", "from", "coverage", "all"])]
    pub(crate) watch: bool,
    /// Arguments for the test binaries
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) rest: Vec<String>,
}

/// Flags of `profile`.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    /// The name of a guest, or the path of a component: what holds a `/` or ends in `.wasm`
    #[arg(value_name = "GUEST|PATH")]
    pub(crate) what: String,
    /// The case of the guest [default: `default`, unless options of a run are given]
    pub(crate) case: Option<String>,
    /// Show what moved since a git revision, or since a component (`.wasm`)
    #[arg(long, value_name = "REV|PATH")]
    pub(crate) against: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Where it is written to, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Show every function, not the first ones
    #[arg(long)]
    pub(crate) all: bool,
    /// Options of a run that is no case, as `fractalaw run` takes them
    #[arg(last = true, value_name = "OPTIONS")]
    pub(crate) options: Vec<String>,
}

/// How a profile is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Functions by their own fuel; beside it, a flame graph in `target/profiles/`
    #[default]
    Table,
    /// A line for each stack, from the outside in, with its fuel; <https://www.speedscope.app> opens such a file
    Folded,
    /// A flame graph, as a page for a browser
    Html,
    /// Functions and the tree of calls
    Json,
}

/// Flags of `fuel`.
#[derive(Debug, Args)]
pub(crate) struct Fuel {
    /// Only cases whose name contains this
    pub(crate) filter: Option<String>,
    /// Compare with another git revision's guests, functions included, instead of the snapshots
    #[arg(long, value_name = "REV")]
    pub(crate) against: Option<String>,
    /// Print a JSON document
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// Print Markdown, and add it to the summary of a CI run that offers one
    #[arg(long)]
    pub(crate) markdown: bool,
}

/// Flags of `report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Only the cases whose name contains this
    pub(crate) filter: Option<String>,
    /// The page; `target/report/index.html` when it is not given
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Show the difference to another git revision's guests, or to earlier records, instead of to the reviewed
    /// fuel
    #[arg(long, value_name = "REV|FOLDER")]
    pub(crate) against: Option<String>,
    /// Also show which lines of the guests' sources the cases reach: builds and runs them once more
    #[arg(long, conflicts_with = "records")]
    pub(crate) coverage: bool,
    /// Show these records, instead of running the cases
    #[arg(long, value_name = "FOLDER")]
    pub(crate) records: Option<PathBuf>,
}

/// Flags of `bench`.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Only benchmarks whose name contains this
    pub(crate) filter: Option<String>,
    /// Keep the figures under this name
    #[arg(long, value_name = "NAME")]
    pub(crate) save: Option<String>,
    /// Compare with the figures kept under this name
    #[arg(long, value_name = "NAME")]
    pub(crate) against: Option<String>,
    /// Measure so often, and show the medians and how far the ratios spread
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub(crate) runs: u32,
}

/// Flags of `fuzz`.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// The target that is given inputs, such as `component`; all in turn when none is named
    #[arg(default_value = "all", hide_default_value = true)]
    pub(crate) target: String,
    /// How long, for each target, such as 90s or 10m
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = seconds)]
    pub(crate) time: u64,
    /// Seed of the inputs: the same one makes the same. Without libFuzzer only
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// At most so many inputs for each target
    #[arg(long, value_name = "N")]
    pub(crate) runs: Option<u64>,
    /// Mutate seeds, the same from the same seed, even where libFuzzer is at hand
    #[arg(long)]
    pub(crate) mutate: bool,
}

/// Whole seconds, minutes or hours.
fn seconds(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let number: Option<u64> = number.parse().ok();
    let seconds = number.and_then(|number| number.checked_mul(unit));
    seconds.ok_or_else(|| "expected a duration such as 90s, 10m or 1h".to_owned())
}

/// Flags of `new`.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The name of the guest, in kebab case
    #[arg(required_unless_present = "repository")]
    pub(crate) name: Option<String>,
    /// Its language [default: Rust]
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) language: Option<Template>,
    /// Without Rust's standard library: a twentieth of the size, and a run takes two thirds of the time
    #[arg(long, conflicts_with = "language")]
    pub(crate) lean: bool,
    /// Make a repository for guests of your own in this folder, with an interface of its own, and a host that offers it
    #[arg(long, value_name = "PATH", conflicts_with_all = ["name", "language", "lean"])]
    pub(crate) repository: Option<PathBuf>,
    /// The repository depends on Fractalaw at this address, at the commit of this clone [default: on this folder]
    #[arg(long, value_name = "URL", requires = "repository")]
    pub(crate) git: Option<String>,
    /// Make the folder a git repository too; nothing is committed
    #[arg(long, requires = "repository")]
    pub(crate) init: bool,
}

/// Commands of `models`.
#[derive(Debug, Subcommand)]
pub(crate) enum Models {
    /// Fetch the models of host/models/models.toml into target/tools/models, pinned by version and digest
    Get,
}
