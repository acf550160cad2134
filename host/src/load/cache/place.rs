//! The folder of a cache, held open. Entries are read from and written to the folder that was checked, whatever
//! its name leads to later.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{
    AtFlags, CWD, Dir, Mode, OFlags, RenameFlags, openat, renameat, renameat_with, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::cause;
use crate::error::HostError;

/// The beginning of a file's name while it is written, which takes well under a second.
pub(super) const UNFINISHED: &str = ".writing-";

/// A folder that only this process's user can write to or replace.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    folder: OwnedFd,
}

/// A file in a listing of the folder.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// Seconds since 1970.
    pub(super) modified: i64,
}

impl Place {
    /// Opens the folder. If it does not exist, it is made and is private.
    pub(super) fn open(path: &Path) -> Result<Place, HostError> {
        let failed = |source| HostError::CacheFolder {
            path: path.to_owned(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let folder = walk(&path)?;
        Ok(Place { path, folder })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file of this user. The error says what the name leads to instead.
    pub(super) fn file(&self, name: &str) -> io::Result<File> {
        // Opening a pipe would wait for its other end.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.folder, name, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        let ours = metadata.is_file()
            && metadata.uid() == geteuid().as_raw()
            && metadata.mode() & 0o022 == 0;
        match ours {
            true => Ok(file),
            false => Err(io::Error::other(
                "it is no regular file that its user alone can write",
            )),
        }
    }

    /// Writes a file that is complete when it gets its name, and replaces an existing one.
    pub(super) fn write(
        &self,
        name: &str,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        self.written(write, |unfinished| {
            renameat(&self.folder, unfinished, &self.folder, name)
        })
    }

    /// Like [`Place::write`], unless a file of that name exists.
    pub(super) fn write_new(
        &self,
        name: &str,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        self.written(write, |unfinished| {
            let keep = RenameFlags::NOREPLACE;
            renameat_with(&self.folder, unfinished, &self.folder, name, keep)
        })
    }

    fn written(
        &self,
        write: impl FnOnce(&mut File) -> io::Result<()>,
        finish: impl FnOnce(&str) -> rustix::io::Result<()>,
    ) -> io::Result<()> {
        let (name, mut file) = self.unfinished()?;
        let written = write(&mut file).and_then(|()| Ok(finish(&name)?));
        if written.is_err() {
            let _ = self.remove(&name);
        }
        written
    }

    fn unfinished(&self) -> io::Result<(String, File)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("{UNFINISHED}{}-{number}", process::id());
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            match openat(&self.folder, &name, flags, Mode::RUSR | Mode::WUSR) {
                // Left by a process that had the same id.
                Err(Errno::EXIST) => {}
                opened => return Ok((name, File::from(opened?))),
            }
        }
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.folder, name, AtFlags::empty())?)
    }

    /// The files in the folder that have a Unicode name, as all of ours have.
    pub(super) fn list(&self) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for entry in Dir::read_from(&self.folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            // Another process may have removed it since.
            let Ok(found) = statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            listed.push(Listed {
                name: name.to_owned(),
                bytes: found.st_size as u64,
                modified: found.st_mtime,
            });
        }
        Ok(listed)
    }
}

/// Goes down to a folder whose path contains no links. It checks each folder on the way after opening it, so none
/// can be exchanged after it was checked.
fn walk(path: &Path) -> Result<OwnedFd, HostError> {
    let mut here: Option<OwnedFd> = None;
    let mut passed = PathBuf::new();
    for step in path.components() {
        passed.push(step);
        let name: &Path = step.as_ref();
        let failed = |source: io::Error| HostError::CacheFolder {
            // If the process has too many files open, it does not matter at which step it ran out.
            path: match cause::is_surroundings(&source) {
                true => path.to_owned(),
                false => passed.clone(),
            },
            source,
        };
        let is_last = passed == path;
        let opened = enter(here.as_ref(), name, is_last).map_err(|error| failed(error.into()))?;
        let opened = File::from(opened);
        let found = opened.metadata().map_err(failed)?;
        let ours = found.uid() == geteuid().as_raw();
        if !ours && (is_last || found.uid() != 0) {
            return Err(HostError::CacheNotOurs { path: passed });
        }
        // Above the folder itself a group may be allowed to write, because it is often the user's own and common
        // umasks do that. In a sticky folder, such as the system's temporary one, only owners move what belongs
        // to them.
        let others = if is_last { 0o022 } else { 0o002 };
        let is_sticky = !is_last && found.mode() & 0o1000 != 0;
        if found.mode() & others != 0 && !is_sticky {
            return Err(HostError::CacheNotPrivate { path: passed });
        }
        here = Some(opened.into());
    }
    here.ok_or_else(|| HostError::CacheFolder {
        path: path.to_owned(),
        source: Errno::NOENT.into(),
    })
}

fn enter(here: Option<&OwnedFd>, name: &Path, is_last: bool) -> rustix::io::Result<OwnedFd> {
    let only_passed = cfg!(target_os = "linux") && !is_last;
    let search = match only_passed {
        #[cfg(target_os = "linux")]
        true => OFlags::PATH,
        _ => OFlags::RDONLY,
    };
    let flags = search | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match here {
        Some(here) => openat(here, name, flags, Mode::empty()),
        None => openat(CWD, name, flags, Mode::empty()),
    }
}
