//! The place of a ledger: its file, and the files that SQLite keeps beside it, found by name.
//!
//! SQLite opens `-wal`, `-shm` and `-journal` by the file's name and trusts their contents. So a ledger has one
//! name, the files beside it must belong to somebody who may write the ledger, and nothing is acknowledged while
//! a name leads to another file than the open one. `LEDGER.md` says what that shows and what it cannot show.

use std::ffi::{OsString, c_int};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, FileControl};

use crate::error::LedgerError;

const LOG: &str = "-wal";
const INDEX: &str = "-shm";
const JOURNAL: &str = "-journal";

/// The ledger's file and its neighbours.
pub(crate) struct Place {
    /// As it was given, for messages.
    named: PathBuf,
    /// Without links, because SQLite looks beside this name.
    real: PathBuf,
    file: Facts,
}

impl Place {
    /// Checks a ledger before it is appended to, and also who could exchange it.
    pub(crate) fn find_to_append(path: &Path) -> Result<Place, LedgerError> {
        let place = Place::find(path)?;
        place.folders()?;
        Ok(place)
    }

    /// Checks the file before it is opened, and the files that SQLite would open with it.
    pub(crate) fn find(path: &Path) -> Result<Place, LedgerError> {
        let failed = |error| LedgerError::io(path, error);
        let real = path.canonicalize().map_err(failed)?;
        let metadata = fs::metadata(&real).map_err(failed)?;
        if !metadata.is_file() {
            return Err(LedgerError::NotALedger {
                path: path.to_owned(),
                why: "it is no regular file".to_owned(),
            });
        }
        let place = Place {
            named: path.to_owned(),
            real,
            file: Facts::of(&metadata),
        };
        place.one_name(place.file)?;
        place.neighbour(LOG)?;
        place.neighbour(INDEX)?;
        // A ledger never has a journal. SQLite would restore the file from it.
        match place.neighbour(JOURNAL)? {
            Some(_) => Err(LedgerError::Leftover {
                path: beside(&place.real, JOURNAL),
            }),
            None => Ok(place),
        }
    }

    /// The path to open.
    pub(crate) fn real(&self) -> &Path {
        &self.real
    }

    /// Whether the log may have something that the file does not have.
    pub(crate) fn has_log(&self) -> bool {
        fs::metadata(beside(&self.real, LOG)).is_ok_and(|log| log.len() > 0)
    }

    /// Called after SQLite has opened everything. Remembers which files these are.
    pub(crate) fn hold(self, connection: &Connection) -> Result<Held, LedgerError> {
        let opened = |suffix| {
            let found = self.neighbour(suffix)?.filter(is_open_here);
            found.ok_or_else(|| self.moved(format!("its `{suffix}` file was replaced")))
        };
        let (log, index) = (opened(LOG)?, opened(INDEX)?);
        let held = Held {
            place: self,
            log,
            index,
        };
        held.check(connection)?;
        Ok(held)
    }

    fn moved(&self, what: String) -> LedgerError {
        LedgerError::Moved {
            path: self.named.clone(),
            what,
        }
    }

    fn one_name(&self, found: Facts) -> Result<(), LedgerError> {
        match found.links {
            0 | 1 => Ok(()),
            links => Err(LedgerError::Linked {
                path: self.named.clone(),
                links,
            }),
        }
    }

    /// A file beside the ledger. If it exists, it must belong to the ledger's owner, must be writable by nobody
    /// else than the ledger, and must have one name.
    fn neighbour(&self, suffix: &str) -> Result<Option<Facts>, LedgerError> {
        let path = beside(&self.real, suffix);
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LedgerError::io(&path, error)),
        };
        let facts = Facts::of(&metadata);
        let why = if !metadata.is_file() {
            "it is no regular file"
        } else if !self.trusts(facts) {
            "it belongs to another user"
        } else if facts.mode & !self.file.mode & 0o022 != 0 {
            "it can be written by others"
        } else if facts.links > 1 {
            "it has another name"
        } else {
            return Ok(Some(facts));
        };
        Err(LedgerError::Strange { path, why })
    }

    /// Whoever may delete in a folder could also put another ledger there.
    fn folders(&self) -> Result<(), LedgerError> {
        for folder in self.real.ancestors().skip(1) {
            let metadata = fs::metadata(folder).map_err(|error| LedgerError::io(folder, error))?;
            let facts = Facts::of(&metadata);
            let others_can_write = facts.mode & 0o002 != 0;
            // In a sticky folder, such as the system's temporary one, only owners move what belongs to them.
            let is_sticky = facts.mode & 0o1000 != 0;
            let why = if !self.trusts(facts) {
                "it belongs to another user"
            } else if others_can_write && !is_sticky {
                "it can be written by others"
            } else {
                continue;
            };
            return Err(LedgerError::Strange {
                path: folder.to_owned(),
                why,
            });
        }
        Ok(())
    }

    /// The ledger's owner, root, and this process's user, because an auditor reads the ledgers of others.
    fn trusts(&self, facts: Facts) -> bool {
        [Some(self.file.owner), Some(0), our_user()].contains(&Some(facts.owner))
    }
}

/// The open files.
pub(crate) struct Held {
    place: Place,
    log: Facts,
    index: Facts,
}

impl Held {
    /// Fails if a name now leads to another file.
    pub(crate) fn check(&self, connection: &Connection) -> Result<(), LedgerError> {
        let place = &self.place;
        let mut has_moved: c_int = 0;
        let asked = connection.file_control(Some("main"), FileControl::HasMoved(&mut has_moved));
        let found = fs::metadata(&place.named).map(|metadata| Facts::of(&metadata));
        match found {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(place.moved("it was moved or removed".to_owned()));
            }
            Err(error) => return Err(LedgerError::io(&place.named, error)),
            Ok(found) if asked.is_err() || has_moved != 0 || !found.is(place.file) => {
                return Err(place.moved("another file has its name".to_owned()));
            }
            Ok(found) => place.one_name(found)?,
        }
        for (suffix, held) in [(LOG, self.log), (INDEX, self.index)] {
            match place.neighbour(suffix)? {
                Some(found) if found.is(held) => {}
                Some(_) => {
                    return Err(place.moved(format!("another file has the name of its `{suffix}`")));
                }
                None => return Err(place.moved(format!("its `{suffix}` file was removed"))),
            }
        }
        Ok(())
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

/// Fails if a new ledger cannot have that name: it is taken, or files of another ledger are beside it.
pub fn is_free(path: &Path) -> Result<(), LedgerError> {
    if path.symlink_metadata().is_ok() {
        return Err(LedgerError::Exists {
            path: path.to_owned(),
        });
    }
    for suffix in [LOG, INDEX, JOURNAL] {
        let path = beside(path, suffix);
        if path.symlink_metadata().is_ok() {
            return Err(LedgerError::Leftover { path });
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// What the system says of a file.
#[derive(Clone, Copy)]
struct Facts {
    device: u64,
    inode: u64,
    links: u64,
    owner: u32,
    mode: u32,
}

impl Facts {
    /// Whether it is the same file, whatever its name is.
    fn is(self, other: Facts) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Facts {
        use std::os::unix::fs::MetadataExt;
        Facts {
            device: metadata.dev(),
            inode: metadata.ino(),
            links: metadata.nlink(),
            owner: metadata.uid(),
            mode: metadata.mode(),
        }
    }

    /// On other systems an open file cannot be renamed or removed, and owners are not numbers.
    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Facts {
        Facts {
            device: 0,
            inode: 0,
            links: 1,
            owner: 0,
            mode: 0,
        }
    }
}

/// Whether this process has the file open. What SQLite opened could have been replaced before it was checked.
/// Only Linux tells, and elsewhere it is assumed.
fn is_open_here(facts: &Facts) -> bool {
    let Ok(open) = fs::read_dir("/proc/self/fd") else {
        return true;
    };
    open.flatten()
        .filter_map(|entry| fs::metadata(entry.path()).ok())
        .any(|open| Facts::of(&open).is(*facts))
}

/// Linux shows a process as a folder that belongs to its user.
#[cfg(unix)]
fn our_user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").ok().map(|process| process.uid())
}

#[cfg(not(unix))]
fn our_user() -> Option<u32> {
    None
}
