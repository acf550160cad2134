//! The errors of the host itself. What a micro-app does is an `Outcome` instead.
//!
//! A message does not repeat its source. Whoever prints an error prints the whole chain.

mod policy;

use std::io;
use std::path::PathBuf;

use bytesize::ByteSize;
use fractalaw_ledger::LedgerError;
use fractalaw_manifest::BadName;
use fractalaw_provenance::LockError;
use fractalaw_report::Refusal;

use crate::cause;
use crate::limits::{MAX_SLOTS, SLOT_MEMORY_BYTES, STDIN_BYTES};

pub use policy::PolicyError;

/// The host could not do its work, and the component is not at fault.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Wasmtime refused the engine's configuration or could not reserve the pool.
    #[error("could not reserve the instance pool of {slots} slots")]
    Pool {
        /// The slots that the pool should have had.
        slots: u32,
        /// What Wasmtime said.
        source: wasmtime::Error,
    },
    /// No slots, or more than the address space has room for.
    #[error("a pool of {slots} slots, expected 1 to {MAX_SLOTS}")]
    Slots {
        /// The slots that were asked for.
        slots: u32,
    },
    /// The linker refused one of the host's own interfaces.
    #[error("could not set up the linker: {0:#}")]
    Linker(wasmtime::Error),
    /// The ticker's thread or the async runtime could not be started.
    #[error("could not start {what}")]
    Start {
        /// What was to be started.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The path does not lead to a regular file. The host does not read pipes and devices, because nobody can
    /// rely on their end.
    #[error("`{}` is no regular file, expected {expected}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// The kind of file that was expected.
        expected: &'static str,
    },
    /// A file could not be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The standard input has more bytes than the host reads for a guest.
    #[error("standard input is larger than {}", ByteSize(STDIN_BYTES as u64))]
    StdinTooLarge,
    /// The cache folder could not be made or examined.
    #[error("could not use `{}` as cache folder", path.display())]
    CacheFolder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another user can exchange the cache folder or its contents.
    #[error("`{}`, on the way to the cache folder, belongs to another user, expected this one's or root's", path.display())]
    CacheNotOurs {
        /// The folder, or one above it.
        path: PathBuf,
    },
    /// Others could put code into the cache folder, and the host would execute it.
    #[error("cache folder `{}` can be written by others, expected it to be private", path.display())]
    CacheNotPrivate {
        /// The folder.
        path: PathBuf,
    },
    /// A granted folder could not be opened.
    #[error("could not open granted folder `{}`", path.display())]
    Grant {
        /// The folder on the host.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The path of a granted folder no longer leads to that folder.
    #[error("granted folder `{}` was moved, deleted or replaced since it was granted", path.display())]
    GrantMoved {
        /// The folder on the host.
        path: PathBuf,
    },
    /// Two granted folders overlap, and a guest may write into one of them. It could move the other one or change
    /// its contents.
    #[error(
        "granted folder `{}` is writable and overlaps with granted folder `{}`, expected them to be apart",
        writable.display(), other.display()
    )]
    GrantsOverlap {
        /// The folder that is granted for writing.
        writable: PathBuf,
        /// The other folder: the same one, one inside the other, or one whose path leads through the other.
        other: PathBuf,
    },
    /// A folder that is granted for writing contains the host's own files. A guest could write to them or
    /// exchange them.
    #[error(
        "granted folder `{}` is writable and {what}, `{}`, is inside of it",
        writable.display(), path.display()
    )]
    GrantOpensOwn {
        /// The folder that is granted for writing.
        writable: PathBuf,
        /// Which of the host's own files.
        what: &'static str,
        /// The path of these files.
        path: PathBuf,
    },
    /// The path in the guest, at which a folder is granted, is not valid.
    #[error(transparent)]
    GuestPath(BadName),
    /// Two folders are granted at the same path in the guest.
    #[error("two folders are granted at `{guest}`, expected one")]
    GrantedTwice {
        /// The path in the guest.
        guest: String,
    },
    /// An environment variable has two values.
    #[error("two values are given to the variable `{name}`, expected one")]
    VariableTwice {
        /// The name of the variable.
        name: String,
    },
    /// The process has no descriptor left to open a file for a guest.
    #[error("could not open a file for the guest")]
    OpenForGuest {
        /// What the system said.
        source: io::Error,
    },
    /// The system has no thread that could read and write files for a guest.
    #[error("could not start a thread to read and write files for the guest")]
    FileThread,
    /// The system did not provide what an instance needs, such as memory.
    #[error("could not make an instance of the guest")]
    Instance {
        /// What the system said.
        source: io::Error,
    },
    /// The system did not provide memory that the run may have.
    #[error("could not provide memory for the guest")]
    GrowForGuest {
        /// What the system said.
        source: io::Error,
    },
    /// The capabilities that are offered conflict, or do not match their own tables.
    #[error("cannot offer this: {message}")]
    BadOffer {
        /// What is wrong.
        message: String,
    },
    /// The file that pins components cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A policy, or a line of policy, has something that this host does not know.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A capability failed, before a run or after its end.
    #[error("`{capability}` failed")]
    Capability {
        /// The name of the capability.
        capability: &'static str,
        /// The capability's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The ledger cannot be used. No run starts.
    #[error("the ledger cannot be written, so nothing runs")]
    Ledger(#[from] LedgerError),
    /// The ledger failed after the run had begun. The result of the run is not handed out.
    #[error("the run is not acknowledged: the ledger could not be written")]
    NotAcknowledged(#[source] LedgerError),
    /// The run asks for more memory than a slot of the pool holds.
    #[error(
        "memory limit of {} is more than a slot holds, expected at most {}",
        ByteSize(*requested as u64), ByteSize(SLOT_MEMORY_BYTES as u64)
    )]
    MemoryOverSlot {
        /// The memory that was asked for, in bytes.
        requested: usize,
    },
    /// A deterministic run is to begin at a time that the ledger cannot express.
    #[error("the clock is to begin after 2150-01-01T00:00:00Z, expected no later")]
    ClockTooLate,
    /// Wasmtime failed in a way that only the host can be at fault for.
    #[error("the engine failed: {0:#}")]
    Engine(wasmtime::Error),
}

impl HostError {
    /// What the reader can do about it, if there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            HostError::Pool { .. } => Some(
                "each slot reserves 16 GiB of address space, not memory: raise `ulimit -v`, or lower \
                 `HostBuilder::slots` (`fractalaw run` has one)"
                    .to_owned(),
            ),
            HostError::CacheNotPrivate { path } => Some(format!(
                "run `chmod go-w {0}`, or choose another folder with `--cache`",
                path.display()
            )),
            HostError::CacheNotOurs { .. } => Some(
                "choose a folder of your own with `--cache`, or none with `--no-cache`".to_owned(),
            ),
            HostError::CacheFolder { source, .. } => {
                let other = "choose another folder with `--cache`, or none with `--no-cache`";
                match cause::is_surroundings(source) {
                    true => cause::hint(source, None),
                    false => Some(other.to_owned()),
                }
            }
            HostError::Read { source, .. }
            | HostError::Start { source, .. }
            | HostError::OpenForGuest { source }
            | HostError::Instance { source }
            | HostError::GrowForGuest { source } => cause::hint(source, None),
            HostError::Grant { source, .. } => {
                cause::hint(source, Some("a grant names an existing folder on the host"))
            }
            HostError::Capability { source, .. } => {
                let said = source.to_string();
                said.split_once("\nhint: ").map(|(_, hint)| hint.to_owned())
            }
            HostError::FileThread => Some(
                "the process has as many threads as it may: raise `ulimit -u`, or run fewer at once".to_owned(),
            ),
            HostError::GrantMoved { .. } => Some(
                "put it back where it was, or start the host again to grant what is there now".to_owned(),
            ),
            HostError::GrantsOverlap { .. } => Some(
                "grant a folder that is written to once, to a group of those that share it, and nothing inside or \
                 around it to others"
                    .to_owned(),
            ),
            HostError::GrantOpensOwn { .. } => Some(
                "keep it where no guest writes, or grant a folder beside it".to_owned(),
            ),
            HostError::GrantedTwice { .. } => {
                Some("give each its own path in the guest, as `--dir HOST::GUEST`".to_owned())
            }
            HostError::VariableTwice { name } => {
                Some(format!("give `{name}` once, as `--env NAME=VALUE`"))
            }
            HostError::NotAFile { expected: "standard input", .. } => {
                Some("a pipe is read as `--stdin -`".to_owned())
            }
            HostError::Ledger(error) | HostError::NotAcknowledged(error) => error.hint(),
            HostError::Lock(error) => Some(error.hint().to_owned()),
            HostError::Policy(error) => Some(error.hint.clone()),
            HostError::MemoryOverSlot { .. } => {
                Some("lower `--memory`; the heavy tier's is the most".to_owned())
            }
            _ => None,
        }
    }

    /// Whether the request was wrong, and not the machine that the host runs on.
    pub fn is_usage(&self) -> bool {
        if let HostError::Read { source, .. } | HostError::Grant { source, .. } = self {
            return !cause::is_surroundings(source);
        }
        if let HostError::Policy(error) = self {
            return error.is_usage;
        }
        matches!(
            self,
            HostError::NotAFile { .. }
                | HostError::StdinTooLarge
                | HostError::GrantMoved { .. }
                | HostError::GrantsOverlap { .. }
                | HostError::GrantOpensOwn { .. }
                | HostError::GuestPath(_)
                | HostError::GrantedTwice { .. }
                | HostError::VariableTwice { .. }
                | HostError::Lock(_)
                | HostError::MemoryOverSlot { .. }
                | HostError::ClockTooLate
                | HostError::Ledger(LedgerError::Missing { .. } | LedgerError::NotALedger { .. })
        )
    }
}

/// Why a component could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The component is at fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The host is at fault, or the file does not exist.
    #[error(transparent)]
    Host(#[from] HostError),
}
