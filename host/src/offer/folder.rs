//! A granted folder, held open. It stays the folder that its name led to when it was granted, whatever the name
//! leads to later.
//!
//! Guests can move what names lead to. So a folder is looked up once, step by step, without following a symbolic
//! link unnoticed. From then on its device and inode identify it.

mod walk;

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use wasmtime_wasi::filesystem::Dir;
use wasmtime_wasi::{FsPerms, OpenMode};

use walk::{Identity, Walk};

pub(crate) use walk::Way;

/// An open folder, and the folders that lead to it.
pub(crate) struct Folder {
    /// An absolute path, so that it means the same if the current directory changes.
    path: PathBuf,
    /// Opened for reading only. A grant may change that.
    dir: Dir,
    identity: Identity,
    /// The folders that contain it.
    ancestors: Vec<Identity>,
    /// The folders in which its name was looked up: its ancestors, and those that symbolic links led to.
    passed: Vec<Identity>,
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Folder").field(&self.identity).finish()
    }
}

impl Folder {
    /// Opens the folder that the path leads to now.
    fn open(path: &Path) -> io::Result<Folder> {
        let path = absolute(path)?;
        let mut walk = Walk::default();
        walk.follow(&path)?;
        let folder = walk.here.ok_or(Errno::NOENT)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let file = File::from(openat(&folder, ".", flags, Mode::empty())?);
        let identity = walk.stack.pop().ok_or(Errno::NOENT)?;
        Ok(Folder {
            path,
            dir: Dir::new(file, FsPerms::ReadOnly, OpenMode::READ, true),
            identity,
            ancestors: walk.stack,
            passed: walk.passed,
        })
    }

    /// The open folder. Clones share it.
    pub(crate) fn dir(&self) -> &Dir {
        &self.dir
    }

    pub(crate) fn device(&self) -> u64 {
        self.identity.device
    }

    /// Whether the name still leads to this folder.
    pub(crate) fn is_in_place(&self) -> bool {
        let found = std::fs::metadata(&self.path);
        found.is_ok_and(|found| {
            let (device, inode) = (found.dev(), found.ino());
            self.identity == Identity { device, inode }
        })
    }

    fn is_on(&self, way: &Way) -> bool {
        way.0.contains(&self.identity)
    }

    /// Whether a guest that writes into this folder could move the other folder or what its name leads to, or can
    /// see it there.
    fn reaches(&self, other: &Folder) -> bool {
        other.identity == self.identity
            || other.passed.contains(&self.identity)
            || self.ancestors.contains(&other.identity)
    }
}

/// A folder that a run reaches, with its path in the guest.
pub(crate) struct OpenFolder {
    pub(crate) folder: Arc<Folder>,
    pub(crate) guest: String,
    pub(crate) writable: bool,
}

/// A granted folder, or why it could not be opened.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// The path as it was given.
    path: PathBuf,
    opened: Result<Arc<Folder>, Arc<io::Error>>,
    writable: bool,
}

/// Two grants. With one of them a guest could write where the other one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Overlap {
    pub(crate) writable: PathBuf,
    pub(crate) other: PathBuf,
}

impl Held {
    pub(crate) fn open(path: &Path, writable: bool) -> Held {
        Held {
            path: path.to_owned(),
            opened: Folder::open(path).map(Arc::new).map_err(Arc::new),
            writable,
        }
    }

    /// The path as it was given.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn folder(&self) -> Result<&Arc<Folder>, io::Error> {
        self.opened
            .as_ref()
            .map_err(|error| match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(error.kind(), error.to_string()),
            })
    }

    /// Whether a guest may write there.
    pub(crate) fn is_writable(&self) -> bool {
        self.writable
    }

    /// Whether a guest may write to a folder on this way.
    pub(crate) fn opens(&self, way: &Way) -> bool {
        self.writable && self.opened.as_ref().is_ok_and(|folder| folder.is_on(way))
    }

    fn overlap(&self, other: &Held) -> Option<Overlap> {
        let (Ok(this), Ok(that)) = (&self.opened, &other.opened) else {
            return None;
        };
        let (writable, other) = if self.writable && this.reaches(that) {
            (self, other)
        } else if other.writable && that.reaches(this) {
            (other, self)
        } else {
            return None;
        };
        Some(Overlap {
            writable: writable.path.clone(),
            other: other.path.clone(),
        })
    }
}

/// Two are equal if the same folder was found, or neither could be opened for the same reason.
impl PartialEq for Held {
    fn eq(&self, other: &Held) -> bool {
        let same = match (&self.opened, &other.opened) {
            (Ok(this), Ok(that)) => this.identity == that.identity,
            (Err(_), Err(_)) => true,
            _ => false,
        };
        same && self.path == other.path && self.writable == other.writable
    }
}

impl Eq for Held {}

/// The first new grant that overlaps with another new one or with one of the others.
pub(crate) fn overlap(new: &[&Held], others: &[&Held]) -> Option<Overlap> {
    new.iter().enumerate().find_map(|(index, held)| {
        let mut rest = new[index + 1..].iter().chain(others);
        rest.find_map(|other| held.overlap(other))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn reaches(writable: &Path, other: &Path) -> bool {
        let (writable, other) = (Held::open(writable, true), Held::open(other, false));
        let found = writable.overlap(&other);
        // The order does not matter.
        assert_eq!(found, other.overlap(&writable));
        found.is_some()
    }

    #[test]
    fn folders_overlap_by_what_they_are_and_not_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("mine/in/deep")).unwrap();
        fs::create_dir_all(at("other/side")).unwrap();
        symlink("mine", at("link")).unwrap();
        symlink("../other/side", at("mine/out")).unwrap();
        symlink(at("mine/out"), at("far")).unwrap();
        for (writable, other, expected) in [
            ("mine", "mine", true),
            ("mine", "mine/in", true),
            ("mine", "mine/in/deep", true),
            ("mine/in/deep", "mine", true),
            ("mine", "link", true),
            ("link/in", "mine", true),
            ("other/../mine/./in/", "mine", true),
            ("mine", "other", false),
            ("other", "mine/in", false),
            ("mine/in", "other/side", false),
            // Not inside, but its name is looked up there.
            ("mine", "mine/out", true),
            ("mine", "far", true),
            // The name of the writable folder is looked up where nobody writes.
            ("mine/out", "mine", false),
            ("mine/in/deep/..", "mine/in", true),
            ("mine/in/..", "other", false),
            ("../../../../..", "other", true),
        ] {
            assert_eq!(
                reaches(&at(writable), &at(other)),
                expected,
                "{writable}, {other}"
            );
            let (read, other) = (
                Held::open(&at(writable), false),
                Held::open(&at(other), false),
            );
            assert_eq!(read.overlap(&other), None);
        }
    }

    #[test]
    fn a_folder_stays_what_its_name_led_to_and_knows_when_it_does_not_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("in")).unwrap();
        fs::write(at("in/first"), "").unwrap();
        symlink("in", at("link")).unwrap();
        let held = ["in", "link"].map(|name| Held::open(&at(name), false));
        let [named, linked] = held.each_ref().map(|held| held.folder().unwrap());
        assert!(named.is_in_place() && linked.is_in_place());
        fs::rename(at("in"), at("old")).unwrap();
        assert!(!named.is_in_place() && !linked.is_in_place());
        symlink("/", at("in")).unwrap();
        assert!(!named.is_in_place() && !linked.is_in_place());
        fs::remove_file(at("in")).unwrap();
        fs::create_dir(at("in")).unwrap();
        assert!(!named.is_in_place());
        fs::remove_dir(at("in")).unwrap();
        fs::rename(at("old"), at("in")).unwrap();
        assert!(named.is_in_place() && linked.is_in_place());
    }

    #[test]
    fn what_cannot_be_opened_says_why_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").unwrap();
        symlink("loop", at("loop")).unwrap();
        for (name, expected) in [
            ("absent", Errno::NOENT),
            ("file", Errno::NOTDIR),
            ("file/..", Errno::NOTDIR),
            ("loop", Errno::LOOP),
        ] {
            let held = Held::open(&at(name), false);
            for _ in 0..2 {
                let error = held.folder().unwrap_err();
                assert_eq!(
                    error.raw_os_error(),
                    Some(expected.raw_os_error()),
                    "{name}"
                );
            }
        }
    }
}
