//! One section of a policy: what it grants to the micro-apps that it is about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fractalaw_manifest::{Quotas, Tier};

use super::{PolicyError, read};

/// Grants, as a section of a policy file or lines on the command line say them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The highest tier.
    pub(crate) tier: Option<Tier>,
    pub(crate) interfaces: BTreeSet<String>,
    /// By the path in the guest.
    pub(crate) dirs: BTreeMap<String, DirRule>,
    /// A value, or none for one that the run brings.
    pub(crate) env: BTreeMap<String, Option<String>>,
    pub(crate) args: Option<Args>,
    pub(crate) stdin: bool,
    /// At most.
    pub(crate) quotas: Quotas,
}

/// A folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DirRule {
    /// The folder on the host; none for one that the run brings.
    pub(crate) host: Option<PathBuf>,
    /// Whether the guest may also write.
    pub(crate) writable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Args {
    /// Those that the run brings.
    Any,
    /// These.
    These(Vec<String>),
}

impl Section {
    /// Reads lines of a section, such as `env.PATH = true`. Folders that are not absolute are meant from the
    /// current directory.
    ///
    /// # Errors
    ///
    /// When they say what a section cannot say.
    pub fn parse(lines: &str) -> Result<Section, PolicyError> {
        read::section(Path::new(""), lines)
    }

    /// Whether it grants nothing.
    pub fn is_empty(&self) -> bool {
        *self == Section::default()
    }
}
