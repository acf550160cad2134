//! What a run is given: everything else does not exist for the guest.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

/// Arguments, environment, input and folders of one run. The default grants nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Arguments, in order, without the program's name, which the guest finds in front of them.
    pub args: Vec<String>,
    /// Environment variables, in order.
    pub env: Vec<(String, String)>,
    /// Standard input; without it the guest finds it closed.
    pub stdin: Option<Bytes>,
    /// Folders.
    pub dirs: Vec<DirGrant>,
}

/// One folder that the guest may open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirGrant {
    /// The folder on the host.
    pub host: PathBuf,
    /// The path under which the guest finds it.
    pub guest: String,
    /// Whether the guest may also write.
    pub writable: bool,
}

/// The time at which a deterministic run begins that is given no other: 2025-01-01T00:00:00Z.
const UNIX_START: Duration = Duration::from_secs(1_735_689_600);

/// The seed of a deterministic run that is given no other. Any number does; it never changes.
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
