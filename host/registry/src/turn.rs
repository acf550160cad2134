//! One process at a time changes the files of a folder. What it reads while it has its turn is still so when it writes.
//!
//! A turn is a lock of the system on a small file. It ends with its process, however that ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use crate::fault::Fault;
use crate::limits::{TURN_LOOK, TURN_TIME};

/// The file in the folder. It is there as long as somebody has the turn.
pub(crate) const FILE: &str = ".fractalaw-turn";

/// The right to change the files of a folder.
#[must_use]
pub(crate) struct Turn {
    path: PathBuf,
    /// Locked until it is closed.
    _file: File,
}

impl Turn {
    /// Waits until no other process has the turn in this folder, which must exist.
    pub(crate) fn take(folder: &Path) -> Result<Turn, Fault> {
        let path = folder.join(FILE);
        let failed = |error: io::Error| {
            Fault::failed(
                format!("could not lock `{}`: {error}", path.display()),
                "name a folder that you can write to, and remove what is called so if it is no regular file",
            )
        };
        let begun = Instant::now();
        loop {
            let file = open(&path).map_err(failed)?;
            match file.try_lock() {
                // Whoever had the turn before has removed the file that was just opened.
                Ok(()) if !is_at(&file, &path) => {}
                Ok(()) => return Ok(Turn { path, _file: file }),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() >= TURN_TIME => {
                    return Err(Fault::failed(
                        format!(
                            "another process has changed `{}` for {} s, and has not ended",
                            folder.display(),
                            TURN_TIME.as_secs()
                        ),
                        "look for a `fractalaw-registry` that was stopped, and end it",
                    ));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(TURN_LOOK),
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Still locked, so it is not the file of another turn. If it stays, it is in nobody's way.
        let _ = fs::remove_file(&self.path);
    }
}

/// Opens the file, and makes it if it does not exist. A link is not followed.
fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.mode(0o666);
    options.custom_flags(flags.bits().cast_signed()).open(path)
}

fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let opened = file.metadata().map(identity);
    let there = fs::symlink_metadata(path).map(identity);
    opened.is_ok_and(|opened| there.is_ok_and(|there| opened == there))
}
