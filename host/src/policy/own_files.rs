//! The host's own files, which no guest may write, whatever it is granted: compiled code, the ledger and the
//! policy.
//!
//! A guest that writes compiled code runs outside the sandbox. A guest that writes the policy grants itself more.
//! A guest that writes to the ledger removes the audit trail. All three are found by their names, so each folder
//! on the way counts.

use std::path::{Path, PathBuf};

use crate::error::HostError;
use crate::offer::folder::{Held, Way};

/// The paths of the host's own files.
#[derive(Default)]
pub(crate) struct OwnFiles(Vec<Own>);

struct Own {
    what: &'static str,
    path: PathBuf,
    way: Way,
}

impl OwnFiles {
    /// Adds a file or a folder.
    pub(crate) fn add(&mut self, what: &'static str, path: &Path) -> Result<(), HostError> {
        let way = Way::to(path).map_err(|source| HostError::Start {
            what: "with its own files out of reach of guests",
            source,
        })?;
        let path = path.to_owned();
        self.0.push(Own { what, path, way });
        Ok(())
    }

    /// Checks that these grants let no guest write to them.
    pub(crate) fn check<'a>(
        &self,
        grants: impl IntoIterator<Item = &'a Held>,
    ) -> Result<(), HostError> {
        for held in grants {
            if let Some(own) = self.0.iter().find(|own| held.opens(&own.way)) {
                return Err(HostError::GrantOpensOwn {
                    writable: held.path().to_owned(),
                    what: own.what,
                    path: own.path.clone(),
                });
            }
        }
        Ok(())
    }
}
