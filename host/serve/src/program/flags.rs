//! The commands and their flags.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, Parser, Subcommand};

const EXITS: &str = "\
Exit codes:
   0  done
   1  `emit --wait`: not all runs completed
   2  usage: what was asked for is wrong or not there
  10  a file, the ledger or the supervisor failed";

/// Runs micro-apps when something happens, for years.
#[derive(Debug, Parser)]
#[command(name = "fractalaw", version, after_help = EXITS)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the micro-apps of a folder with the file `fractalaw.toml`, until SIGTERM.
    ///
    /// SIGHUP looks at the files of the apps at once. After SIGTERM, runs have the grace period to end; a second one cuts
    /// them off.
    Serve(Serve),
    /// Send an event.
    Emit(Emit),
    /// Look at deliveries, try them again, or drop them.
    #[command(subcommand)]
    Events(Events),
    /// Look at tasks, add one, or cancel one.
    #[command(subcommand)]
    Schedule(Schedule),
    /// Look at apps and their versions, and choose which version runs.
    #[command(subcommand)]
    Apps(Apps),
    /// Say what runs, what waits, and what failed.
    Status(Asked),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The folder.
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Print one line of JSON when it is ready.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What all commands have that ask a supervisor.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// The folder with `fractalaw.toml`.
    #[arg(long, short, default_value = ".", global = true)]
    pub(crate) folder: PathBuf,
    /// Print JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Emit {
    /// Its type, such as `data-ingested`.
    #[arg(value_name = "TYPE")]
    pub(crate) event_type: String,
    /// The file with its payload; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) payload: Option<PathBuf>,
    /// Wait until all its runs have ended.
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) asked: Asked,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// List deliveries, the oldest first.
    Ls {
        /// Only those that are dead or held.
        #[arg(long)]
        dead: bool,
        /// Only those after this one.
        #[arg(long, value_name = "DELIVERY", default_value_t = 0)]
        after: u64,
        #[command(flatten)]
        asked: Asked,
    },
    /// Show a delivery with its payload.
    Show {
        delivery: u64,
        #[command(flatten)]
        asked: Asked,
    },
    /// Try a delivery again. Its attempts are counted anew.
    Retry {
        #[arg(required_unless_present = "dead")]
        delivery: Option<u64>,
        /// All that are dead or held.
        #[arg(long, conflicts_with = "delivery")]
        dead: bool,
        #[command(flatten)]
        asked: Asked,
    },
    /// Remove a delivery for ever.
    Drop {
        #[arg(required_unless_present = "dead")]
        delivery: Option<u64>,
        /// All that are dead or held.
        #[arg(long, conflicts_with = "delivery")]
        dead: bool,
        #[command(flatten)]
        asked: Asked,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Schedule {
    /// List tasks.
    Ls {
        /// Only those after this one.
        #[arg(long, value_name = "TASK", default_value_t = 0)]
        after: u64,
        #[command(flatten)]
        asked: Asked,
    },
    /// Run an app repeatedly, or once at a time.
    Add {
        /// The app.
        app: String,
        /// A name for people.
        #[arg(long)]
        name: String,
        /// Five fields in UTC, such as `0 6 * * 1-5`.
        #[arg(long, required_unless_present = "at", conflicts_with = "at")]
        cron: Option<String>,
        /// The time, such as `2026-03-01T12:00:00Z`.
        #[arg(long, value_name = "RFC3339", value_parser = parse_time)]
        at: Option<u64>,
        /// The file with the input; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        payload: Option<PathBuf>,
        #[command(flatten)]
        asked: Asked,
    },
    /// Cancel a task. A run that goes on ends, and is not tried again.
    Cancel {
        task: u64,
        #[command(flatten)]
        asked: Asked,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Apps {
    /// List the apps.
    Ls(Asked),
    /// Take the version in the file of an app, even if it was bad or the app is pinned.
    Reload {
        /// The app; all of them without one.
        app: Option<String>,
        #[command(flatten)]
        asked: Asked,
    },
    /// Put the version before this one back.
    Rollback {
        app: String,
        #[command(flatten)]
        asked: Asked,
    },
    /// Keep the version that runs, whatever comes into the file.
    Pin {
        app: String,
        /// Take new versions again.
        #[arg(long)]
        off: bool,
        #[command(flatten)]
        asked: Asked,
    },
}

fn parse_time(text: &str) -> Result<u64, String> {
    let time = humantime::parse_rfc3339(text).ok();
    let after = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    after
        .map(|after| after.as_secs())
        .ok_or_else(|| "expected a time after 1970, such as `2026-03-01T12:00:00Z`".to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_flags_are_consistent() {
        use clap::CommandFactory;
        super::Flags::command().debug_assert();
    }
}
