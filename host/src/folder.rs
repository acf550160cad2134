//! A granted folder, held open: it stays what its name led to when it was granted, whatever the name leads to later.
//!
//! Names are what guests can move. A folder is therefore resolved once, step by step and without following a symbolic
//! link unseen, and known by device and inode from then on.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf, absolute};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::Errno;
use wasmtime_wasi::filesystem::Dir;
use wasmtime_wasi::{FsPerms, OpenMode};

/// Symbolic links on the way to one folder: as many as Linux follows.
const LINKS: usize = 40;

/// What a folder is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(file: &File) -> io::Result<Identity> {
        let metadata = file.metadata()?;
        Ok(Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

/// An open folder, and the folders that lead to it.
pub(crate) struct Folder {
    /// Not relative, so that it means the same whatever the current directory becomes.
    path: PathBuf,
    /// For reading only, which a grant may change.
    dir: Dir,
    identity: Identity,
    /// The folders that it stands in.
    ancestors: Vec<Identity>,
    /// The folders in which its name was looked up: those, and where symbolic links led.
    passed: Vec<Identity>,
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Folder").field(&self.identity).finish()
    }
}

impl Folder {
    /// Opens what the path leads to now.
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

    /// What is open. Its clones share it.
    pub(crate) fn dir(&self) -> &Dir {
        &self.dir
    }

    pub(crate) fn device(&self) -> u64 {
        self.identity.device
    }

    /// Whether its name still leads to it.
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

    /// Whether who writes into this folder could move the other one, or what its name leads to; or is seen there.
    fn reaches(&self, other: &Folder) -> bool {
        other.identity == self.identity
            || other.passed.contains(&self.identity)
            || self.ancestors.contains(&other.identity)
    }
}

/// The folders that the name of a file or folder leads through, its symbolic links' too, and the folder itself.
pub(crate) struct Way(Vec<Identity>);

impl Way {
    /// As it leads now, as far as there is something.
    pub(crate) fn to(path: &Path) -> io::Result<Way> {
        let mut walk = Walk::default();
        match walk.follow(&absolute(path)?) {
            Err(error) if !ends_the_way(&error) => Err(error),
            _ => Ok(Way(walk.passed)),
        }
    }
}

/// A file has been reached, or nothing.
fn ends_the_way(error: &io::Error) -> bool {
    let ends = [Errno::NOTDIR, Errno::NOENT].map(Errno::raw_os_error);
    error
        .raw_os_error()
        .is_some_and(|code| ends.contains(&code))
}

/// The way to a folder, as it is gone.
#[derive(Default)]
struct Walk {
    here: Option<OwnedFd>,
    /// From the root to here.
    stack: Vec<Identity>,
    passed: Vec<Identity>,
}

impl Walk {
    /// Looks up each step of a path where the last one led.
    fn follow(&mut self, path: &Path) -> io::Result<()> {
        let mut left = steps(path);
        let mut links = 0;
        while let Some(step) = left.pop() {
            let name = match &step {
                Step::Root => {
                    self.stack.clear();
                    self.here = None;
                    self.enter("/".as_ref())?;
                    continue;
                }
                Step::Up => {
                    self.enter("..".as_ref())?;
                    // Out of what was left and of its parent's place, into the parent. The root is its own.
                    let parent = self.stack.pop();
                    self.stack.truncate(self.stack.len().saturating_sub(2));
                    self.stack.extend(parent);
                    continue;
                }
                Step::Down(name) => name,
            };
            let here = self.here.as_ref().ok_or(Errno::NOENT)?;
            let found = statat(here, name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileType::from_raw_mode(found.st_mode) != FileType::Symlink {
                self.enter(name.as_ref())?;
                continue;
            }
            links += 1;
            if links > LINKS {
                return Err(Errno::LOOP.into());
            }
            let target = readlinkat(here, name, Vec::new())?;
            let target = PathBuf::from(into_os_string(target.into_bytes()));
            left.extend(steps(&target));
        }
        Ok(())
    }

    /// Goes into a folder. If it became a symbolic link meanwhile, that is an error.
    fn enter(&mut self, name: &Path) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let search = OFlags::PATH;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let search = OFlags::RDONLY;
        let flags = search | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = match &self.here {
            Some(here) => openat(here, name, flags, Mode::empty())?,
            None => openat(CWD, name, flags, Mode::empty())?,
        };
        let opened = File::from(opened);
        let identity = Identity::of(&opened)?;
        self.stack.push(identity);
        self.passed.push(identity);
        self.here = Some(opened.into());
        Ok(())
    }
}

enum Step {
    Root,
    Up,
    Down(OsString),
}

/// The steps of a path, the first one last.
fn steps(path: &Path) -> Vec<Step> {
    let mut steps: Vec<_> = path
        .components()
        .filter_map(|component| match component {
            Component::RootDir => Some(Step::Root),
            Component::ParentDir => Some(Step::Up),
            Component::Normal(name) => Some(Step::Down(name.to_owned())),
            Component::CurDir | Component::Prefix(_) => None,
        })
        .collect();
    steps.reverse();
    steps
}

fn into_os_string(bytes: Vec<u8>) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes)
}

/// A folder that was granted, or why it could not be opened then.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// As it was named.
    path: PathBuf,
    opened: Result<Arc<Folder>, Arc<io::Error>>,
    writable: bool,
}

/// Two grants of which one lets a guest write where the other one stands.
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

    /// As it was named.
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

    /// Whether a guest may write where this way leads through.
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

/// What was opened at a time is what it is: two are the same if the same folder was found.
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

/// The first of the new grants that overlaps with another new one or with one of the others.
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
        // Whoever is named first.
        assert_eq!(found, other.overlap(&writable));
        found.is_some()
    }

    #[test]
    fn folders_overlap_by_what_they_are_and_not_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("work/in/deep")).unwrap();
        fs::create_dir_all(at("other/side")).unwrap();
        symlink("work", at("link")).unwrap();
        symlink("../other/side", at("work/out")).unwrap();
        symlink(at("work/out"), at("far")).unwrap();
        for (writable, other, expected) in [
            ("work", "work", true),
            ("work", "work/in", true),
            ("work", "work/in/deep", true),
            ("work/in/deep", "work", true),
            ("work", "link", true),
            ("link/in", "work", true),
            ("other/../work/./in/", "work", true),
            ("work", "other", false),
            ("other", "work/in", false),
            ("work/in", "other/side", false),
            // Not inside, but its name is looked up there.
            ("work", "work/out", true),
            ("work", "far", true),
            // The name of the writable one is looked up where nobody writes.
            ("work/out", "work", false),
            ("work/in/deep/..", "work/in", true),
            ("work/in/..", "other", false),
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
