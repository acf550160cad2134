//! Makes a ledger with its key beside it, if it does not exist.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use fractalaw_folders::make_folder;

use crate::create::create;
use crate::error::LedgerError;
use crate::key::{KeyError, LedgerKey};
use crate::run_record::now_unix_ns;

/// Why there is no ledger.
#[derive(Debug, thiserror::Error)]
pub enum EnsureError {
    /// Its folder cannot be made.
    #[error("could not make `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its key cannot be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It cannot be made.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Makes a ledger with its key beside it, if it does not exist. Whoever can write such a ledger can also sign it, so the
/// key belongs elsewhere before an auditor relies on it.
///
/// # Errors
///
/// If its folder, its key or the ledger cannot be made.
pub fn ensure(path: &Path) -> Result<(), EnsureError> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        make_folder(folder).map_err(|source| EnsureError::Folder {
            path: folder.to_owned(),
            source,
        })?;
    }
    let mut key_path = path.as_os_str().to_owned();
    key_path.push(".key");
    let key_path = PathBuf::from(key_path);
    let key = match LedgerKey::create(&key_path) {
        Ok(key) => key,
        // Left from an earlier ledger, or just made by another process.
        Err(KeyError::File { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
            LedgerKey::load(&key_path)?
        }
        Err(error) => return Err(error.into()),
    };
    match create(path, &node(), &key.public_key(), now_unix_ns()) {
        // Another process was faster, and its ledger is as good.
        Ok(_) | Err(LedgerError::Exists { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The machine's name, if it can be found without asking the network.
fn node() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| env::var("HOSTNAME").ok());
    let name = name.map(|name| name.trim().to_owned());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "workspace".to_owned())
}
