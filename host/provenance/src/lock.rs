//! `apps.lock`: which components were pulled into a folder, from where, and with which digests. It guards the files
//! beside it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use fractalaw_manifest::terminal::one_line;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::file;
use crate::limits::{LOCK_BYTES, NAME_BYTES};

/// The name of the file.
pub const FILE: &str = "apps.lock";

const HEAD: &str = "\
# Written by `fractalaw pull`. It pins each component by digest, and a file that differs is refused.
# `fractalaw pull` without a reference gets exactly these again.

";

/// What the file says. It is kept in the order of names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    /// The components by name. The component's file is `NAME.wasm`.
    #[serde(default)]
    pub apps: BTreeMap<String, Locked>,
}

/// A component that was pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Where it was pulled from.
    pub reference: String,
    /// The digest of the registry's manifest.
    pub manifest: Digest,
    /// The digest of the component.
    pub component: Digest,
    /// The size of the component.
    pub bytes: u64,
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("could not use `{}`: {message}", one_line(&path.display().to_string()))]
pub struct LockError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub message: String,
}

/// A component differs from what was pulled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is {found}, and `{FILE}` beside it pins {pinned}")]
pub struct NotAsLocked {
    /// The digest in the lock.
    pub pinned: Digest,
    /// The digest of the component.
    pub found: Digest,
}

impl LockError {
    /// What the reader can do about it.
    pub fn hint(&self) -> &'static str {
        "take the file from where you keep its history, or remove it and pull each component again with `fractalaw pull`"
    }
}

impl NotAsLocked {
    /// What the reader can do about it.
    pub fn hint(&self) -> &'static str {
        "`fractalaw pull` in its folder gets what is pinned; `fractalaw pull REF --update` pins another; a component that you \
         build yourself belongs into another folder"
    }
}

/// Whether a text can be the name of an app: it is a file's name too.
pub fn check_name(name: &str) -> bool {
    let is_inner =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let is_first = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= NAME_BYTES
        && name.as_bytes().first().is_some_and(is_first)
        && name.bytes().all(is_inner)
}

impl Default for Lock {
    fn default() -> Lock {
        Lock {
            version: 1,
            apps: BTreeMap::new(),
        }
    }
}

impl Lock {
    /// Reads the file in this folder. Without such a file nothing is pinned.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or says something that is not known.
    pub fn read(folder: &Path) -> Result<Option<Lock>, LockError> {
        let path = folder.join(FILE);
        let bad = |message: String| LockError {
            path: path.clone(),
            message,
        };
        let bytes = match file::read_regular(&path, LOCK_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(bad(error.to_string())),
        };
        let text =
            String::from_utf8(bytes).map_err(|_| bad("it is not text in UTF-8".to_owned()))?;
        let lock: Lock = toml::from_str(&text).map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            bad(format!("line {line}: {}", one_line(error.message())))
        })?;
        if lock.version != 1 {
            return Err(bad(format!("its version is {}, expected 1", lock.version)));
        }
        match lock.apps.keys().find(|name| !check_name(name)) {
            Some(name) => Err(bad(format!("`{}` is no name of an app", one_line(name)))),
            None => Ok(Some(lock)),
        }
    }

    /// Writes the file in this folder.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn write(&self, folder: &Path) -> Result<(), LockError> {
        let path = folder.join(FILE);
        let text = toml::to_string(self).expect("a lock is TOML");
        file::write_whole(&path, format!("{HEAD}{text}").as_bytes()).map_err(|error| LockError {
            path,
            message: error.to_string(),
        })
    }

    /// The pin of a component's file, in the lock beside it, if there is one.
    ///
    /// # Errors
    ///
    /// If there is a lock that cannot be used.
    pub fn pin(component: &Path) -> Result<Option<Locked>, LockError> {
        let Some(name) = component.file_name().and_then(|name| name.to_str()) else {
            return Ok(None);
        };
        let Some(name) = name.strip_suffix(".wasm") else {
            return Ok(None);
        };
        let folder = component.parent().unwrap_or(Path::new(""));
        let lock = Lock::read(folder)?;
        Ok(lock.and_then(|mut lock| lock.apps.remove(name)))
    }
}

impl Locked {
    /// Checks that a component is the pinned one.
    ///
    /// # Errors
    ///
    /// If it is another.
    pub fn check(&self, found: &Digest) -> Result<(), NotAsLocked> {
        match self.component == *found {
            true => Ok(()),
            false => Err(NotAsLocked {
                pinned: self.component.clone(),
                found: found.clone(),
            }),
        }
    }
}

/// A folder that does not exist has no lock, and neither has what is no folder.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::digest::sha256;

    fn lock() -> Lock {
        let locked = Locked {
            reference: "registry.example/acme/app:1.0".to_owned(),
            manifest: sha256(b"manifest"),
            component: sha256(b"component"),
            bytes: 9,
        };
        Lock {
            apps: BTreeMap::from([("app".to_owned(), locked)]),
            ..Lock::default()
        }
    }

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Lock::read(folder.path()).unwrap(), None);
        assert_eq!(Lock::read(&folder.path().join("none")).unwrap(), None);
        lock().write(folder.path()).unwrap();
        let (manifest, component) = (sha256(b"manifest"), sha256(b"component"));
        assert_eq!(
            fs::read_to_string(folder.path().join(FILE)).unwrap(),
            format!(
                "{HEAD}version = 1\n\n[apps.app]\nreference = \"registry.example/acme/app:1.0\"\n\
                 manifest = \"{manifest}\"\ncomponent = \"{component}\"\nbytes = 9\n"
            )
        );
        assert_eq!(Lock::read(folder.path()).unwrap(), Some(lock()));
        let pin = |file: &str| Lock::pin(&folder.path().join(file)).unwrap();
        assert_eq!(pin("app.wasm"), lock().apps.remove("app"));
        assert_eq!(pin("other.wasm"), None);
        assert_eq!(pin("app.wasm.sig"), None);
        let pinned = pin("app.wasm").unwrap();
        assert_eq!(pinned.check(&sha256(b"component")), Ok(()));
        assert!(pinned.check(&sha256(b"Component")).is_err());
    }

    #[test]
    fn what_is_no_lock_is_an_error_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        for (text, message) in [
            ("version = 2\n", "its version is 2, expected 1"),
            (
                "version = 1\nmore = 1\n",
                "line 2: unknown field `more`, expected `version` or `apps`",
            ),
            (
                "version = 1\n[apps.x]\nreference = \"r\"\nmanifest = \"m\"\n",
                "line 4: expected `sha256:` and 64 digits in lower-case hexadecimal",
            ),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(Lock::read(folder.path()).unwrap_err().message, message);
        }
        lock().write(folder.path()).unwrap();
        let text = fs::read_to_string(&path)
            .unwrap()
            .replace("apps.app", "apps.\"../app\"");
        fs::write(&path, text).unwrap();
        assert_eq!(
            Lock::read(folder.path()).unwrap_err().message,
            "`../app` is no name of an app"
        );
        fs::write(&path, "x".repeat(2 << 20)).unwrap();
        assert_eq!(
            Lock::read(folder.path()).unwrap_err().message,
            "it has more than 1048576 bytes"
        );
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(
            Lock::read(folder.path()).unwrap_err().message,
            "it is no regular file"
        );
    }

    #[test]
    fn a_name_is_a_plain_file_name() {
        for good in ["a", "duty-finder", "a.b_c-1"] {
            assert!(check_name(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            ".a",
            "-a",
            "a/b",
            "a\\b",
            "A",
            "a b",
            &"a".repeat(129),
        ] {
            assert!(!check_name(bad), "{bad}");
        }
    }
}
