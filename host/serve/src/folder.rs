//! The folder that a supervisor keeps its own files in: `.fractalaw`, beside `fractalaw.toml`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use fractalaw_folders::{make_private_folder, sync_name};

use crate::error::ServeError;

/// The name of the folder.
const NAME: &str = ".fractalaw";

/// The paths in it. Only its user reads and writes there.
#[derive(Clone, Debug)]
pub struct Folder {
    served: PathBuf,
    own: PathBuf,
}

/// Held by the one supervisor of a folder. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Folder {
    /// The own folder of this served folder. It is made if it does not exist.
    pub(crate) fn make(served: &Path) -> Result<Folder, ServeError> {
        let folder = Folder::of(served);
        for path in [&folder.own, &folder.components()] {
            make_private_folder(path).map_err(|source| failed("make", path, source))?;
        }
        Ok(folder)
    }

    /// The own folder of this served folder, which may not exist.
    pub fn of(served: &Path) -> Folder {
        Folder {
            served: served.to_owned(),
            own: served.join(NAME),
        }
    }

    /// The served folder.
    pub fn served(&self) -> &Path {
        &self.served
    }

    /// Where commands reach the supervisor.
    pub fn socket(&self) -> PathBuf {
        self.own.join("control.sock")
    }

    /// Whether a supervisor has served the folder.
    pub(crate) fn was_served(&self) -> bool {
        self.apps().exists()
    }

    /// Which versions of the apps run.
    pub(crate) fn apps(&self) -> PathBuf {
        self.own.join("apps.json")
    }

    /// Components by digest.
    pub(crate) fn components(&self) -> PathBuf {
        self.own.join("components")
    }

    /// Compiled code.
    pub(crate) fn code(&self) -> PathBuf {
        self.own.join("code")
    }

    fn lock_file(&self) -> PathBuf {
        self.own.join("lock")
    }

    /// Makes this process the one that serves the folder.
    pub(crate) fn lock(&self) -> Result<Lock, ServeError> {
        let path = self.lock_file();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let opened = options.truncate(false).open(&path);
        let mut file = opened.map_err(|source| failed("open", &path, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                // It may be empty for a moment.
                let _ = file.read_to_string(&mut process);
                return Err(ServeError::Served {
                    folder: self.served.clone(),
                    process: match process.trim() {
                        "" => "that just starts".to_owned(),
                        process => process.to_owned(),
                    },
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path, source)),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
        written.map_err(|source| failed("write", &path, source))?;
        Ok(Lock { _file: file })
    }
}

/// Writes a file so that it is there as a whole or not at all, also after a power loss.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ServeError> {
    let written = || -> io::Result<()> {
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        sync_name(path)
    };
    written().map_err(|source| failed("write", path, source))
}

pub(crate) fn failed(what: &'static str, path: &Path, source: io::Error) -> ServeError {
    ServeError::File {
        what,
        path: path.to_owned(),
        source,
    }
}
