//! The way to a folder: looked up step by step, without following a symbolic link unnoticed.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf, absolute};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::Errno;

/// The symbolic links on the way to one folder: as many as Linux follows.
const LINKS: usize = 40;

/// Identifies a folder, whatever its name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl Identity {
    pub(super) fn of(file: &File) -> io::Result<Identity> {
        let metadata = file.metadata()?;
        Ok(Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

/// The folders that the name of a file or folder leads through, including those of its symbolic links, and the
/// folder itself.
pub(crate) struct Way(pub(super) Vec<Identity>);

impl Way {
    /// The way as it leads now, as far as it exists.
    pub(crate) fn to(path: &Path) -> io::Result<Way> {
        let mut walk = Walk::default();
        match walk.follow(&absolute(path)?) {
            Err(error) if !ends_the_way(&error) => Err(error),
            _ => Ok(Way(walk.passed)),
        }
    }
}

/// The step reached a file, or nothing.
fn ends_the_way(error: &io::Error) -> bool {
    let ends = [Errno::NOTDIR, Errno::NOENT].map(Errno::raw_os_error);
    error
        .raw_os_error()
        .is_some_and(|code| ends.contains(&code))
}

/// A way that is being followed.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) here: Option<OwnedFd>,
    /// The folders from the root to here.
    pub(super) stack: Vec<Identity>,
    pub(super) passed: Vec<Identity>,
}

impl Walk {
    /// Looks up each step of a path in the folder that the last step led to.
    pub(super) fn follow(&mut self, path: &Path) -> io::Result<()> {
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
                    // Out of this folder, into its parent. The root is its own parent.
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

    /// Goes into a folder. If it has become a symbolic link meanwhile, that is an error.
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

/// The steps of a path, with the first one last.
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
