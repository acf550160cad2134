//! Files that are read, changed and replaced as a whole, by one program at a time. A reader finds the old file or the new
//! one, and never a part.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::limits::WRITER_WAIT_SECONDS;

/// How often a writer looks whether another one has written.
const LOOK: Duration = Duration::from_millis(5);

/// The file, and nobody else writes it until this is dropped or the process ends.
#[derive(Debug)]
pub struct Held {
    path: PathBuf,
    /// The lock is that of the folder, because the file itself is replaced.
    folder: File,
}

/// Waits until no other program writes in the folder of the file. A symbolic link is followed, so that what it leads to is
/// written under one lock and under one name.
///
/// # Errors
///
/// If there is no such folder, or others write there for too long.
pub fn hold(path: &Path) -> io::Result<Held> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = File::open(folder)?;
    let until = Instant::now() + Duration::from_secs(WRITER_WAIT_SECONDS);
    loop {
        match folder.try_lock() {
            Ok(()) => {
                return Ok(Held { path, folder });
            }
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(LOOK),
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other(format!(
                    "another program has written in its folder for {WRITER_WAIT_SECONDS} seconds"
                )));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

impl Held {
    /// Replaces the file. Whoever could read and write the old one can read and write the new one, and nobody else. It is
    /// there also after a power loss.
    ///
    /// # Errors
    ///
    /// If the disk is full, for example. Then the file is as it was, and nothing else is left. If only the folder could not
    /// be written to the disk, the file is the new one.
    pub fn replace(&self, content: &str) -> io::Result<()> {
        let mut new = self.path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        // What a crash left. A link of this name leads to a file that is not to be written.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let permissions = match fs::metadata(&self.path) {
            Ok(old) => Some(old.permissions()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let written = File::create_new(&new).and_then(|mut file| {
            // Before the content, which may be a secret.
            if let Some(permissions) = permissions {
                file.set_permissions(permissions)?;
            }
            file.write_all(content.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &self.path)
        });
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written?;
        self.folder.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_followed_to_the_file_and_not_from_the_name_that_is_written_first() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("other"), "other").unwrap();
        fs::write(at("file"), "old").unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink(at("other"), at("file.new")).unwrap();
        hold(&at("link")).unwrap().replace("new").unwrap();
        assert_eq!(fs::read_to_string(at("file")).unwrap(), "new");
        assert_eq!(fs::read_link(at("link")).unwrap(), at("file"));
        assert_eq!(fs::read_to_string(at("other")).unwrap(), "other");
        assert!(!at("file.new").exists());
    }

    #[test]
    fn the_new_file_is_for_those_who_could_use_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "old").unwrap();
        for mode in [0o600, 0o664] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            hold(&file).unwrap().replace("new").unwrap();
            let found = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(found & 0o777, mode);
        }
    }

    #[test]
    fn what_cannot_take_its_name_is_not_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::create_dir(&file).unwrap();
        assert!(hold(&file).unwrap().replace("new").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
