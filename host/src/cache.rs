//! Compiled code on disk, so that a second process does not compile again.
//!
//! An entry is Wasmtime's serialized component, which is mapped and not read, so that a large one
//! costs little, and after it a trailer with length and checksum. Its name is the digest of the
//! component's bytes and the engine's compatibility hash: what another engine wrote is never found.
//! The checksum covers name and code. An entry that is truncated, damaged or under another's name is
//! a miss and is written anew.
//!
//! The checksum is against accidents. Against people there is the folder's permission: code in it is
//! executed, so a folder that others can write is refused.

use std::fs::{self, DirBuilder, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::compiled;
use crate::error::HostError;

/// Most that the folder holds: past it, the oldest entries go. A thousand small components or a dozen
/// large ones.
const FOLDER_BYTES: u64 = 1 << 30;

/// Ends an entry: magic, then the length and the checksum of what stands before it, little-endian.
const TRAILER_BYTES: usize = 24;
const MAGIC: &[u8; 8] = b"fractal1";

const EXTENSION: &str = "cwasm";

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
        let found = fs::metadata(&folder).map_err(failed)?;
        // A file that we make is ours, whoever the process runs as.
        let probe = tempfile::tempfile_in(&folder).map_err(failed)?;
        let us = probe.metadata().map_err(failed)?.uid();
        if found.permissions().mode() & 0o022 != 0 || found.uid() != us {
            return Err(HostError::CacheNotPrivate { path: folder });
        }
        Ok(CodeCache { folder })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The compiled component of these bytes, if an intact entry is there.
    pub(crate) fn load(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let path = self.entry(engine, digest);
        match check(&path) {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(path = %path.display(), "damaged cache entry, compiling again");
                return None;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "unreadable cache entry, compiling again");
                return None;
            }
        }
        compiled::map(engine, &path)
            .inspect_err(|error| {
                tracing::warn!(path = %path.display(), %error, "stale cache entry, compiling again");
            })
            .ok()
    }

    /// Writes an entry. A cache that cannot be written costs time, not the run: it only warns.
    pub(crate) fn store(&self, engine: &Engine, digest: &str, component: &Component) {
        let path = self.entry(engine, digest);
        let written = component
            .serialize()
            .map_err(io::Error::other)
            .and_then(|code| self.write(&path, &code))
            .and_then(|()| self.trim(&path));
        if let Err(error) = written {
            tracing::warn!(path = %path.display(), %error, "could not write cache entry");
        }
    }

    fn entry(&self, engine: &Engine, digest: &str) -> PathBuf {
        let mut hasher = Fnv::default();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        self.folder
            .join(format!("{digest}-{:016x}.{EXTENSION}", hasher.finish()))
    }

    fn write(&self, path: &Path, code: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".writing-")
            .tempfile_in(&self.folder)?;
        file.write_all(code)?;
        file.write_all(MAGIC)?;
        file.write_all(&(code.len() as u64).to_le_bytes())?;
        let mut checksum = start_checksum(path);
        checksum.update(code);
        file.write_all(&u64::from(checksum.finalize()).to_le_bytes())?;
        file.persist(path)?;
        Ok(())
    }

    /// Removes the oldest entries until the folder is within its bound, never the one just written.
    fn trim(&self, newest: &Path) -> io::Result<()> {
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let path = entry.path();
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

/// Whether the entry ends in a trailer that fits what stands before it.
fn check(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let Some(code_bytes) = bytes.checked_sub(TRAILER_BYTES as u64) else {
        return Ok(false);
    };
    let mut trailer = [0; TRAILER_BYTES];
    file.seek(SeekFrom::Start(code_bytes))?;
    file.read_exact(&mut trailer)?;
    if trailer[..8] != *MAGIC || trailer[8..16] != code_bytes.to_le_bytes() {
        return Ok(false);
    }
    file.rewind()?;
    let mut checksum = start_checksum(path);
    let mut code = file.take(code_bytes);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match code.read(&mut buffer)? {
            0 => break,
            read => checksum.update(&buffer[..read]),
        }
    }
    Ok(trailer[16..] == u64::from(checksum.finalize()).to_le_bytes())
}

/// A checksum that already covers the entry's name.
fn start_checksum(path: &Path) -> crc32fast::Hasher {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(
        path.file_name()
            .expect("an entry has a name")
            .as_encoded_bytes(),
    );
    checksum
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
            cache.write(&path, code).unwrap();
            assert!(check(&path).unwrap());
            assert!(cache.load(&engine, "digest").is_none());
        }
    }

    #[test]
    fn a_folder_that_others_can_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let error = CodeCache::open(folder.path()).unwrap_err();
        assert!(
            matches!(error, HostError::CacheNotPrivate { .. }),
            "{error}"
        );
        let hint = error.hint().unwrap();
        assert!(
            hint.contains(&format!("chmod go-w {}", folder.path().display())),
            "{hint}"
        );
    }
}
