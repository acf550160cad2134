//! The host's own files, which no guest may write, whatever it is granted: compiled code, the ledger, the policy,
//! and the files of capabilities, such as databases.
//!
//! A guest that writes compiled code runs outside the sandbox. A guest that writes the policy grants itself more.
//! A guest that writes to the ledger removes the audit trail. A guest that writes to the file of a database changes
//! tables that it was not granted. All of them are found by their names, so each folder on the way counts.

use std::path::{Path, PathBuf};

use crate::error::HostError;
use crate::offer::folder::{Held, Way};
use crate::offer::offered::Offer;
use crate::offer::starting::GrantedName;

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

    /// Adds the files that these names stand for.
    pub(crate) fn add_granted(
        &mut self,
        names: &[GrantedName],
        offer: &Offer,
    ) -> Result<(), HostError> {
        for granted in names {
            let key = offer.keys().find(|(_, key)| key.name == granted.key);
            let own = key.map_or_else(Vec::new, |(_, key)| (key.own_files)(granted));
            for (what, path) in own {
                self.add(what, &path)?;
            }
        }
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

    /// Checks that a run lets no guest write to them in its folders, nor to the files that its names stand for in its
    /// folders and those of the policy.
    pub(crate) fn check_run(
        &self,
        folders: &[Held],
        names: &[GrantedName],
        of_policy: &[&Held],
        offer: &Offer,
    ) -> Result<(), HostError> {
        self.check(folders)?;
        let all = || folders.iter().chain(of_policy.iter().copied());
        if names.is_empty() || !all().any(Held::is_writable) {
            return Ok(());
        }
        let mut own = OwnFiles::default();
        own.add_granted(names, offer)?;
        own.check(all())
    }
}
