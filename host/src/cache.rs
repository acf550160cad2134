//! Compiled code on disk, so that a second process does not compile again.
//!
//! An entry's code is mapped and not read, so that a large one costs little. Its name is the digest of the
//! component's bytes and the engine's compatibility hash: what another engine wrote is never found.
//! An entry that is truncated, damaged or under another's name is a miss and is written anew.
//!
//! The checksum is against accidents. Against people there is the folder's permission: code in it is
//! executed, so a folder that others can write is refused.

mod entry;

use std::fs::{self, DirBuilder};
use std::hash::{Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::compiled;
use crate::error::HostError;
use crate::preflight::Preflight;

/// Most that the folder holds: past it, the oldest entries go. A thousand small components or a dozen
/// large ones.
const FOLDER_BYTES: u64 = 1 << 30;

const EXTENSION: &str = "cwasm";

/// Begins the name of an entry while it is written, which takes well under a second.
const UNFINISHED: &str = ".writing-";
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// A folder of compiled code, private to its user.
#[derive(Clone, Debug)]
pub struct CodeCache {
    folder: PathBuf,
}

impl CodeCache {
    /// Opens a cache folder and makes it, private, where there is none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made, or when others can write to it.
    pub fn open(folder: impl Into<PathBuf>) -> Result<CodeCache, HostError> {
        let folder = folder.into();
        let failed = |source| HostError::CacheFolder {
            path: folder.clone(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(failed)?;
        // The real one: what a link points to could be changed, what it pointed to is checked.
        let folder = folder.canonicalize().map_err(failed)?;
        let failed = |source| HostError::CacheFolder {
            path: folder.clone(),
            source,
        };
        let us = user(&folder).map_err(failed)?;
        for (i, path) in folder.ancestors().enumerate() {
            let found = fs::metadata(path).map_err(failed)?;
            // Above the folder itself, a group is often its user's own: common umasks leave it writing.
            let others = if i == 0 { 0o022 } else { 0o002 };
            let others_can_write = found.mode() & others != 0;
            // In a sticky folder, such as the system's temporary one, only owners move what is theirs.
            let is_sticky = i > 0 && found.mode() & 0o1000 != 0;
            let is_trusted = found.uid() == us || (i > 0 && found.uid() == 0);
            if !is_trusted || (others_can_write && !is_sticky) {
                return Err(HostError::CacheNotPrivate {
                    path: path.to_owned(),
                });
            }
        }
        Ok(CodeCache { folder })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The compiled component of the bytes with this digest, and what it says of itself, if an intact entry
    /// is there.
    pub(crate) fn load(&self, engine: &Engine, digest: &str) -> Option<(Component, Preflight)> {
        let path = self.entry(engine, digest);
        let preflight = match entry::check(&path) {
            Ok(Some(preflight)) => preflight,
            Ok(None) => {
                tracing::warn!(path = %path.display(), "damaged cache entry, compiling again");
                return None;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "unreadable cache entry, compiling again");
                return None;
            }
        };
        match compiled::map(engine, &path) {
            Ok(component) => Some((component, preflight)),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "stale cache entry, compiling again");
                None
            }
        }
    }

    /// Writes an entry. A cache that cannot be written costs time, not the run: it only warns.
    pub(crate) fn store(
        &self,
        engine: &Engine,
        digest: &str,
        component: &Component,
        preflight: &Preflight,
    ) {
        let path = self.entry(engine, digest);
        let written = component
            .serialize()
            .map_err(io::Error::other)
            .and_then(|code| self.write(&path, &code, preflight))
            .and_then(|()| self.trim(&path));
        if let Err(error) = written {
            tracing::warn!(path = %path.display(), %error, "could not write cache entry");
        }
    }

    fn write(&self, path: &Path, code: &[u8], preflight: &Preflight) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(&self.folder)?;
        entry::write(&mut file, path, code, preflight)?;
        file.persist(path)?;
        Ok(())
    }

    fn entry(&self, engine: &Engine, digest: &str) -> PathBuf {
        let mut hasher = Fnv::default();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        self.folder
            .join(format!("{digest}-{:016x}.{EXTENSION}", hasher.finish()))
    }

    /// Removes the oldest entries until the folder is within its bound, never the one just written.
    fn trim(&self, newest: &Path) -> io::Result<()> {
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let path = entry.path();
            remove_abandoned(&entry);
            if path
                .extension()
                .is_some_and(|extension| extension == EXTENSION)
            {
                // Another process may have removed it since.
                let Ok(metadata) = entry.metadata() else {
                    continue;
                };
                entries.push((metadata.modified()?, metadata.len(), path));
            }
        }
        entries.sort();
        let mut total: u64 = entries.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in entries {
            if total <= FOLDER_BYTES {
                break;
            }
            if path != newest && fs::remove_file(&path).is_ok() {
                total -= bytes;
            }
        }
        Ok(())
    }
}

/// The user that this process acts as.
fn user(folder: &Path) -> io::Result<u32> {
    // Linux shows a process as a folder of its user. Elsewhere: a file that we make is ours.
    match fs::metadata("/proc/self") {
        Ok(process) => Ok(process.uid()),
        Err(_) => Ok(tempfile::tempfile_in(folder)?.metadata()?.uid()),
    }
}

/// Removes what a process left that ended while it wrote an entry.
fn remove_abandoned(entry: &fs::DirEntry) {
    let is_unfinished = entry
        .file_name()
        .as_encoded_bytes()
        .starts_with(UNFINISHED.as_bytes());
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    let age = modified.map(|modified| modified.elapsed().unwrap_or_default());
    if is_unfinished && age.is_ok_and(|age| age > ABANDONED_AFTER) {
        // Should it still be in use or already gone, it is another's to deal with.
        let _ = fs::remove_file(entry.path());
    }
}

/// FNV-1a: the engine offers its compatibility hash only through `Hash`, and the standard library's
/// hasher may change from one compiler to the next, which would orphan every entry.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn entries_over_the_bound_go_oldest_first_but_never_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path().join("new")).unwrap();
        let day = std::time::Duration::from_secs(86_400);
        for (age_days, name) in [(3, "oldest"), (2, "older"), (1, "newest")] {
            let file = File::create(cache.folder().join(name).with_extension(EXTENSION)).unwrap();
            // Sparse: the bound is about lengths.
            file.set_len(FOLDER_BYTES / 2).unwrap();
            file.set_modified(SystemTime::now() - day * age_days)
                .unwrap();
        }
        cache.trim(&cache.folder().join("newest.cwasm")).unwrap();
        let mut left: Vec<_> = fs::read_dir(cache.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["newest.cwasm", "older.cwasm"]);
    }

    #[test]
    fn an_intact_entry_that_is_no_code_of_this_engine_is_a_miss() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path()).unwrap();
        let engine = crate::engine::new(1).unwrap();
        let path = cache.entry(&engine, "digest");
        for code in [
            &b""[..],
            b"no code at all",
            &[0x7f, b'E', b'L', b'F', 0, 0, 0, 0],
        ] {
            cache.write(&path, code, &Preflight::default()).unwrap();
            assert_eq!(entry::check(&path).unwrap(), Some(Preflight::default()));
            assert!(cache.load(&engine, "digest").is_none());
        }
    }

    #[test]
    fn a_folder_that_others_can_write_or_replace_is_refused() {
        let outer = tempfile::tempdir().unwrap();
        let (middle, inner) = (
            outer.path().join("middle"),
            outer.path().join("middle/inner"),
        );
        CodeCache::open(&inner).unwrap();
        let link = outer.path().join("link");
        std::os::unix::fs::symlink(&inner, &link).unwrap();
        for (path, mode, refused) in [
            (&inner, 0o777, Some(&inner)),
            (&inner, 0o720, Some(&inner)),
            (&inner, 0o1777, Some(&inner)),
            (&middle, 0o777, Some(&middle)),
            (&middle, 0o1777, None),
            (&middle, 0o775, None),
        ] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            for opened in [&inner, &link] {
                let found = CodeCache::open(opened).err().map(|error| {
                    let hint = error.hint().unwrap();
                    let HostError::CacheNotPrivate { path } = error else {
                        panic!("{error}")
                    };
                    assert!(
                        hint.contains(&format!("chmod go-w {}", path.display())),
                        "{hint}"
                    );
                    path
                });
                assert_eq!(found.as_ref(), refused, "{mode:o}");
            }
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        }
    }

    #[test]
    fn what_a_process_left_unfinished_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path()).unwrap();
        for (name, age) in [
            (".writing-old", 2 * ABANDONED_AFTER),
            (".writing-new", Duration::ZERO),
        ] {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        // The clock was set back since: how old it is cannot be told.
        let file = File::create(folder.path().join(".writing-later")).unwrap();
        file.set_modified(SystemTime::now() + 2 * ABANDONED_AFTER)
            .unwrap();
        cache.trim(Path::new("none")).unwrap();
        assert!(folder.path().join(".writing-later").exists());
        assert!(!folder.path().join(".writing-old").exists());
        assert!(folder.path().join(".writing-new").exists());
    }
}
