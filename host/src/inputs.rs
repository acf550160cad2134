//! What a run is granted. Everything else does not exist for the guest.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

/// Arguments, environment variables, standard input and folders of one run. The default grants nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Arguments in order, without the program's name. The guest finds its own name before them.
    pub args: Vec<String>,
    /// Environment variables as name and value, in order.
    pub env: Vec<(String, String)>,
    /// Standard input. If it is absent, the guest finds it at its end.
    pub stdin: Option<Bytes>,
    /// Folders.
    pub dirs: Vec<DirGrant>,
}

/// One folder that the guest may open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirGrant {
    /// The folder on the host.
    pub host: PathBuf,
    /// The path at which the guest finds it.
    pub guest: String,
    /// Whether the guest may also write.
    pub writable: bool,
}

/// The default time at which a deterministic run begins: 2025-01-01T00:00:00Z.
const UNIX_START: Duration = Duration::from_secs(1_735_689_600);

/// The default seed of a deterministic run. Any number would do, but it must never change.
const SEED: u64 = 1;

/// Where time and randomness come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Determinism {
    /// The machine's clocks and the system's randomness.
    #[default]
    Real,
    /// Virtual time and seeded generators.
    Fixed(Fixed),
}

/// What a deterministic run begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    /// The wall clock at its start, since 1970.
    pub(crate) unix_start: Duration,
    pub(crate) seed: u64,
}

impl Default for Fixed {
    fn default() -> Fixed {
        Fixed {
            unix_start: UNIX_START,
            seed: SEED,
        }
    }
}

impl Determinism {
    /// What a deterministic run begins with.
    pub(crate) fn fixed(self) -> Option<Fixed> {
        match self {
            Determinism::Real => None,
            Determinism::Fixed(fixed) => Some(fixed),
        }
    }
}
