//! The exit codes of `fractalaw`. Tests compare the tables in `--help` and in the README with this list.

use std::process::ExitCode;

use fractalaw_host::{HostError, LoadError, Outcome, PolicyError, ProfileError};
use fractalaw_sqlite::by_hand::ByHandError;

use crate::printing;
use crate::same_name::SameName;

/// The table in `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
   0  completed            5  deadline exceeded
   1  guest error          6  memory limit
   2  usage                7  stack overflow
   3  refused              8  other trap
   4  out of fuel          9  quota exceeded
  10  the host failed     13  interrupted by a signal
  14  not acknowledged: the ledger failed after the run had begun";

/// Defines the list, with the code and the meaning of each.
macro_rules! exits {
    ($($name:ident = $code:literal, $meaning:literal;)*) => {
        /// How the program ends. The codes 11, 12 and 15 belong to `xtask`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Exit {
            $(#[doc = $meaning] $name = $code,)*
        }

        #[cfg(test)]
        const MEANINGS: &[(u8, &str)] = &[$(($code, $meaning),)*];
    };
}

exits! {
    Completed = 0, "completed";
    GuestError = 1, "guest error";
    Usage = 2, "usage";
    Refused = 3, "refused";
    OutOfFuel = 4, "out of fuel";
    DeadlineExceeded = 5, "deadline exceeded";
    MemoryLimit = 6, "memory limit";
    StackOverflow = 7, "stack overflow";
    Trap = 8, "other trap";
    QuotaExceeded = 9, "quota exceeded";
    HostFailed = 10, "the host failed";
    Interrupted = 13, "interrupted by a signal";
    NotAcknowledged = 14, "not acknowledged: the ledger failed after the run had begun";
}

/// How a comparison ends that found a difference, as the program `diff` ends. No run has anything to do with it.
pub(crate) const DIFFERS: u8 = 1;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

impl From<&Outcome> for Exit {
    fn from(outcome: &Outcome) -> Exit {
        match outcome {
            Outcome::Completed(_) => Exit::Completed,
            Outcome::GuestError(_) => Exit::GuestError,
            Outcome::Refused(_) => Exit::Refused,
            Outcome::OutOfFuel => Exit::OutOfFuel,
            Outcome::DeadlineExceeded => Exit::DeadlineExceeded,
            Outcome::MemoryLimit { .. } => Exit::MemoryLimit,
            Outcome::StackOverflow => Exit::StackOverflow,
            Outcome::Trap(_) => Exit::Trap,
            Outcome::QuotaExceeded { .. } => Exit::QuotaExceeded,
            Outcome::Interrupted => Exit::Interrupted,
        }
    }
}

impl From<&anyhow::Error> for Exit {
    fn from(error: &anyhow::Error) -> Exit {
        let is_usage = if let Some(error) = error.downcast_ref::<HostError>() {
            if matches!(error, HostError::NotAcknowledged(_)) {
                return Exit::NotAcknowledged;
            }
            error.is_usage()
        } else if let Some(error) = error.downcast_ref::<PolicyError>() {
            error.is_usage
        } else if let Some(error) = error.downcast_ref::<ByHandError>() {
            error.is_usage()
        } else {
            error.is::<SameName>()
        };
        if is_usage {
            Exit::Usage
        } else {
            Exit::HostFailed
        }
    }
}

/// A refused component has the same exit code everywhere.
impl From<&ProfileError> for Exit {
    fn from(error: &ProfileError) -> Exit {
        match error {
            ProfileError::Load(LoadError::Refused(_)) => Exit::Refused,
            _ => Exit::HostFailed,
        }
    }
}

/// Prints what went wrong and what to do about it.
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    printing::failure(error);
    Exit::from(error).into()
}

/// The exit code of a command that only prints.
pub(crate) fn printed(printed: anyhow::Result<()>) -> ExitCode {
    match printed {
        Ok(()) => Exit::Completed.into(),
        Err(error) => fail(&error),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{MEANINGS, TABLE};

    fn table<'a>(cells: impl IntoIterator<Item = &'a str>) -> BTreeMap<u8, &'a str> {
        let cells: Vec<&str> = cells.into_iter().collect();
        let mut codes = BTreeMap::new();
        for pair in cells.chunks(2) {
            let [code, meaning] = *pair else {
                panic!("{pair:?}")
            };
            assert_eq!(codes.insert(code.parse().unwrap(), meaning), None);
        }
        codes
    }

    fn listed() -> BTreeMap<u8, &'static str> {
        MEANINGS.iter().copied().collect()
    }

    #[test]
    fn help_shows_every_exit_code_and_no_other() {
        let cells = TABLE.lines().skip(1).flat_map(|line| line.split("  "));
        let cells = cells.map(str::trim).filter(|cell| !cell.is_empty());
        assert_eq!(table(cells), listed());
    }

    #[test]
    fn the_readme_has_every_exit_code_and_no_other() {
        let readme = include_str!("../../../README.md");
        let (_, rows) = readme.split_once("| code | | code | |\n").unwrap();
        let rows = rows
            .lines()
            .skip(1)
            .take_while(|line| line.starts_with('|'));
        let cells = rows.flat_map(|row| row.trim_matches('|').split('|').map(str::trim));
        let cells: Vec<&str> = cells.collect();
        let own = cells
            .chunks(2)
            .filter(|pair| !pair[1].starts_with("`xtask`: "));
        assert_eq!(table(own.flatten().copied()), listed());
    }
}
