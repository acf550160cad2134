//! Every flag of `fractalaw-ledger`: its name, its help, and how its value is read.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use fractalaw_ledger::{PublicKey, Role};

use crate::time;

/// What the shell learns, shown by `--help`.
const EXIT_CODES: &str = "\
Exit codes:
   0  done, and the ledger verifies where that was asked
   1  the ledger is not what was written
   2  usage
   3  the work could not be done";

/// Makes, verifies, shows and exports audit ledgers.
#[derive(Debug, Parser)]
#[command(name = "fractalaw-ledger", version, after_help = EXIT_CODES)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a ledger, and the key that signs its checkpoints.
    Init(Init),
    /// Say whether a ledger is what was written, or the first entry that is not.
    Verify(Verify),
    /// Say whether the ledgers of several nodes agree about events and their runs.
    VerifySet(VerifySet),
    /// Show entries.
    Show(Show),
    /// List runs, and how they ended.
    Runs(Runs),
    /// Write all entries to a file that other tools read.
    Export(Export),
    /// Append a signature over everything so far, and print it to be kept elsewhere.
    Checkpoint(Checkpoint),
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The file to make.
    pub(crate) ledger: PathBuf,
    /// The key file: made, readable by its owner only, if it is not there.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// What its entries say of where they were written.
    #[arg(long, value_name = "NAME")]
    pub(crate) node: String,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The ledger.
    pub(crate) ledger: PathBuf,
    /// A checkpoint that was kept; repeat for more.
    #[arg(long = "checkpoint", value_name = "FILE")]
    pub(crate) checkpoints: Vec<PathBuf>,
    /// The public key that `init` printed.
    #[arg(long, value_name = "HEX")]
    pub(crate) public_key: Option<PublicKey>,
    /// Print an object for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifySet {
    /// The ledgers, of all nodes.
    #[arg(required = true)]
    pub(crate) ledgers: Vec<PathBuf>,
    /// Print an object for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The ledger.
    pub(crate) ledger: PathBuf,
    /// Only of this micro-app: `name`, or `name@` and its whole digest.
    #[arg(long, value_name = "APP")]
    pub(crate) app: Option<String>,
    /// Only of this run.
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<u64>,
    /// Only of this event type.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
    /// Only from this role: ledger, host or micro-app.
    #[arg(long, value_parser = role)]
    pub(crate) role: Option<Role>,
    /// Only from this time on, such as 2026-03-01 or 2026-03-01T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub(crate) since: Option<u64>,
    /// Only before this time.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub(crate) until: Option<u64>,
    /// At most the last so many.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) last: usize,
    /// Print all of them, an object on a line, for programs.
    #[arg(long, conflicts_with = "last")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// The ledger.
    pub(crate) ledger: PathBuf,
    /// Only those without a closing entry.
    #[arg(long)]
    pub(crate) cut_off: bool,
    /// Print an object on a line for each, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The ledger.
    pub(crate) ledger: PathBuf,
    /// What to write.
    #[arg(long)]
    pub(crate) format: Format,
    /// The file to make. It is there when it is whole.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Also what does not verify.
    #[arg(long)]
    pub(crate) unverified: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// An object on a line.
    JsonLines,
    /// The file format of Arrow IPC.
    Arrow,
    /// Parquet, compressed with Snappy.
    Parquet,
}

#[derive(Debug, Args)]
pub(crate) struct Checkpoint {
    /// The ledger.
    pub(crate) ledger: PathBuf,
    /// The key file that `init` made.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}

fn role(name: &str) -> Result<Role, String> {
    Role::from_name(name).ok_or_else(|| "expected `ledger`, `host` or `micro-app`".to_owned())
}
