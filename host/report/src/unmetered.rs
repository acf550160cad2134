//! What a run used and its fuel does not pay for.

use serde::{Deserialize, Serialize};

/// Work that was done for a run outside of its host, and that nobody counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmetered {
    /// The name of the capability, such as `data`.
    pub capability: String,
    /// The work, in words: `the time of the database`.
    pub what: String,
}
