//! Every flag of `fractalaw`: its name, its help, and how its value is read.

pub(crate) mod data;
pub(crate) mod models;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand};
use fractalaw_host::{CLOCK_MAX, DirGrant, Tier, check_given_env, guest_path};

use crate::trigger::{self, Started};
use crate::{exit, locked};

/// Runs micro-apps: WebAssembly components of the world `fractal:app/micro-app@0.1.0`.
// `--version` says what the host is called, which is what the version is of.
#[derive(Debug, Parser)]
#[command(name = "fractalaw-host", version)]
pub(crate) struct Fractalaw {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one component and print its report.
    ///
    /// The report goes to standard output, timings and logs to standard error. `RUST_LOG=fractalaw=info`
    /// shows audit entries as they are recorded.
    #[command(after_help = exit::TABLE)]
    Run(Box<Run>),
    /// Say which function used how much fuel, to the unit, as JSON.
    ///
    /// The run is a deterministic one. `cargo xtask profile` shows the JSON as a table or a flame graph.
    Profile(Box<Run>),
    /// Print what a component is, what it asks for, and what a policy says of it.
    Inspect(Inspect),
    /// Read and verify a ledger: starts the auditor's program, `fractalaw-ledger`.
    #[command(disable_help_flag = true)]
    Ledger {
        /// Its arguments: `fractalaw ledger --help` shows them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Look into the database of a micro-app, fill it, or compare two.
    #[command(subcommand)]
    Data(data::Data),
    /// Lists of models: `models.toml`, which policies name.
    #[command(subcommand)]
    Models(models::Models),
    /// Run the micro-apps of a folder when something happens, for years.
    #[command(disable_help_flag = true)]
    Serve(Given),
    /// Send an event to the micro-apps of a folder.
    #[command(disable_help_flag = true)]
    Emit(Given),
    /// Look at what waits to be delivered, try it again, or drop it.
    #[command(disable_help_flag = true)]
    Events(Given),
    /// Look at the tasks of a folder, add one, or cancel one.
    #[command(disable_help_flag = true)]
    Schedule(Given),
    /// Look at the micro-apps of a folder, and choose which version runs.
    #[command(disable_help_flag = true)]
    Apps(Given),
    /// Say what runs in a folder, what waits, and what failed.
    #[command(disable_help_flag = true)]
    Status(Given),
    /// Push a component, with the signatures beside it, to a registry or a layout folder.
    #[command(disable_help_flag = true)]
    Push(Given),
    /// Pull a component with its signatures, and pin it in `apps.lock`.
    #[command(disable_help_flag = true)]
    Pull(Given),
    /// Sign a component.
    #[command(disable_help_flag = true)]
    Sign(Given),
    /// Make a key for signing, or show the public part of one.
    #[command(disable_help_flag = true)]
    Keys(Given),
    /// Print a script with which a shell completes `fractalaw`, such as `source <(fractalaw completions bash)`.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// A shell that can complete commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// The arguments of a command that another program has.
#[derive(Debug, Args)]
pub(crate) struct Given {
    /// Its arguments: `--help` shows them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<OsString>,
}

/// What is granted beyond what the run brings.
#[derive(Debug, Args)]
pub(crate) struct Grants {
    /// What is granted to which micro-apps: a TOML file, described in `host/POLICY.md`.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// A line of policy for this component, such as `env.PATH = true`; repeat for more.
    #[arg(long = "grant", value_name = "LINE")]
    pub(crate) lines: Vec<String>,
    /// Give the guest a database, all of it, read-only unless `:rw` follows: an SQLite file, or the address of a database
    /// with an ADBC driver, such as `duckdb:FILE` or `postgresql://HOST/NAME`.
    #[arg(long, value_name = "FILE|ADDRESS[:rw]", value_parser = parse_data)]
    pub(crate) data: Option<DataGrant>,
}

/// A database that whoever starts the run brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataGrant {
    pub(crate) place: String,
    pub(crate) writable: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The component: a `.wasm` file, or the name of one that `apps.lock` in this folder pins.
    #[arg(value_parser = locked::component)]
    pub(crate) component: PathBuf,
    #[command(flatten)]
    pub(crate) grants: Grants,
    /// Print it as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// When what is recorded is on disk; `LEDGER.md` has what each costs.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(crate) enum Durability {
    /// Each entry before the guest goes on.
    Entry,
    /// All entries with the closing.
    #[default]
    Run,
    /// The same as `run`, by an older name.
    Group,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The component: a `.wasm` file, or the name of one that `apps.lock` in this folder pins.
    #[arg(value_parser = locked::component)]
    pub(crate) component: PathBuf,
    /// Limits of this tier (lightweight, standard, heavy) instead of the component's own.
    #[arg(long)]
    pub(crate) tier: Option<Tier>,
    /// Fuel budget in units, such as 1000000 or 1_000_000.
    #[arg(long, value_name = "N", value_parser = parse_units)]
    pub(crate) fuel: Option<u64>,
    /// Deadline, such as 500ms or 2s.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Memory cap, such as 64MiB.
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<ByteSize>,
    /// Give the guest an argument; repeat for more.
    #[arg(long = "arg", value_name = "ARG", allow_hyphen_values = true)]
    pub(crate) args: Vec<String>,
    /// Give the guest an environment variable; repeat for more.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = parse_env)]
    pub(crate) env: Vec<(String, String)>,
    /// Give the guest a folder, read-only unless `:rw` follows; repeat for more.
    #[arg(long = "dir", value_name = "HOST[::GUEST][:rw]", value_parser = parse_dir)]
    pub(crate) dirs: Vec<DirGrant>,
    /// Give the guest this file as standard input; `-` passes on our own.
    #[arg(long, value_name = "FILE")]
    pub(crate) stdin: Option<PathBuf>,
    /// Start it as the delivery of an event does, such as `event = { type = "data-ingested", source = "import" }`, or as
    /// the tick of a task, such as `tick = { name = "remind" }`. Its payload is standard input.
    #[arg(long, value_name = "LINE", conflicts_with = "ledger", value_parser = trigger::parse)]
    pub(crate) trigger: Option<Started>,
    #[command(flatten)]
    pub(crate) grants: Grants,
    /// Record the run in a new folder, with all that it is given and the answers of models, as a case: its clock begins
    /// now, and stands still while the guest works. `cargo xtask test --from FOLDER` takes it.
    #[arg(long, value_name = "FOLDER", conflicts_with = "replay")]
    pub(crate) record: Option<PathBuf>,
    /// Take the answers of served models from this file, and ask no server.
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
    /// Record the run in this ledger, which `fractalaw ledger init` makes.
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Make the ledger, its key beside it, if there is none: for a workspace of one's own.
    #[arg(long, requires = "ledger")]
    pub(crate) create_ledger: bool,
    /// When entries are on disk.
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        requires = "ledger"
    )]
    pub(crate) durability: Durability,
    /// How long to wait for other processes that append to the ledger.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) ledger_wait: Duration,
    /// How long a run may go on after SIGINT or SIGTERM before it is cut off.
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = humantime::parse_duration)]
    pub(crate) grace: Duration,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// List each host call with its place on the fuel axis, its bytes and its price.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Virtual time and seeded randomness, so that the run repeats exactly.
    #[arg(long)]
    pub(crate) deterministic: bool,
    /// The time at which it begins, such as 2026-02-28T23:59:00Z [default: 2025-01-01T00:00:00Z].
    #[arg(long, value_name = "RFC3339", requires = "deterministic", value_parser = parse_clock)]
    pub(crate) clock: Option<Duration>,
    /// The seed of its randomness [default: 1].
    #[arg(long, value_name = "N", requires = "deterministic")]
    pub(crate) seed: Option<u64>,
    /// How long compiling the component may take, such as 5m [default: 60s, or 4s for each MiB of it if that is more].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) compile_time: Option<Duration>,
    /// Folder of compiled code [default: `fractalaw` in the user's cache folder].
    #[arg(long, value_name = "FOLDER", conflicts_with = "no_cache")]
    pub(crate) cache: Option<PathBuf>,
    /// Compile anew and keep nothing.
    #[arg(long)]
    pub(crate) no_cache: bool,
}

fn parse_units(text: &str) -> Result<u64, String> {
    text.replace('_', "")
        .parse()
        .map_err(|_| "expected a whole number of units".to_owned())
}

fn parse_clock(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_rfc3339(text).ok();
    let since_1970 = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let clock = since_1970.filter(|clock| *clock <= CLOCK_MAX);
    clock.ok_or_else(|| {
        "expected a time from 1970 to 2150, such as `2026-02-28T23:59:00Z`".to_owned()
    })
}

fn parse_env(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => match check_given_env(name) {
            Ok(()) => Ok((name.to_owned(), value.to_owned())),
            Err(error) => Err(error.to_string()),
        },
        _ => Err("expected `NAME=VALUE`".to_owned()),
    }
}

fn parse_data(text: &str) -> Result<DataGrant, String> {
    let (place, writable) = match text.strip_suffix(":rw") {
        Some(place) => (place, true),
        None => (text, false),
    };
    if place.is_empty() {
        return Err("expected `FILE` or an address, either with `:rw`".to_owned());
    }
    Ok(DataGrant {
        place: place.to_owned(),
        writable,
    })
}

fn parse_dir(text: &str) -> Result<DirGrant, String> {
    let (paths, writable) = match text.strip_suffix(":rw") {
        Some(paths) => (paths, true),
        None => (text, false),
    };
    let (host, guest) = paths.split_once("::").unwrap_or((paths, paths));
    if host.is_empty() || guest.is_empty() {
        return Err("expected `HOST`, `HOST::GUEST` or either with `:rw`".to_owned());
    }
    let guest = guest_path(guest)
        .map_err(|error| format!("{error}; `HOST::GUEST` names the folder's path in the guest"))?;
    Ok(DirGrant {
        host: PathBuf::from(host),
        guest,
        writable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_only_unless_said() {
        for (text, host, guest, writable) in [
            ("data", "data", "data", false),
            ("data:rw", "data", "data", true),
            ("data::/in", "data", "/in", false),
            ("a:b::/in:rw", "a:b", "/in", true),
            ("data/::/in/", "data/", "/in", false),
            ("./data", "./data", "data", false),
            ("../data::.", "../data", ".", false),
        ] {
            let expected = DirGrant {
                host: host.into(),
                guest: guest.to_owned(),
                writable,
            };
            assert_eq!(parse_dir(text), Ok(expected));
        }
        for text in ["", ":rw", "::/in", "data::", "../data", "data::/in/../out"] {
            assert!(parse_dir(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_flags_are_consistent() {
        use clap::CommandFactory;
        Fractalaw::command().debug_assert();
    }

    /// `cargo xtask run --help` is ready before the host is built, so it has a list of its own.
    #[test]
    fn xtask_lists_every_option_of_a_run() {
        use clap::CommandFactory;
        let source = include_str!("../../../xtask/src/flags/guide.rs");
        let (_, list) = source.split_once("Options of the run, given").unwrap();
        let (list, _) = list.split_once("Examples:").unwrap();
        let command = Fractalaw::command();
        let run = command.find_subcommand("run").unwrap();
        let options = run.get_arguments().filter_map(clap::Arg::get_long);
        let inner = "create-ledger";
        let missing: Vec<_> = options
            .filter(|option| *option != inner && !list.contains(&format!("--{option}")))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
