//! What a run is given: everything else does not exist for the guest.

use std::path::PathBuf;

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
