//! Compiled code on disk, so that a second process need not compile again.
//!
//! The name of an entry is made of the digest of the component's content (`content.rs`) and a hash of the engine's compatibility and of the cost model's version.
//! So an entry of another engine is never found. The code of an entry is read once to check it, and then mapped. An entry that is truncated, damaged or under another name is a
//! miss, and is written again.
//!
//! The host executes the code in the cache, so it must come from nobody else. The folder and all folders above it
//! are checked and then held open. Each file is opened in the open folder, and must belong to this user alone. A
//! seal over the name and the contents shows that this cache wrote the file (`cache/place.rs`, `cache/seal.rs`).

mod entry;
mod place;
mod seal;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fractalaw_contract::limits;
use fractalaw_limits::Limit;
use fractalaw_report::COST_MODEL;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::error::HostError;
use crate::load::compiled;
use crate::load::facts::Facts;
use entry::Found;
use place::{Place, UNFINISHED};
use seal::Key;

/// The most bytes in the folder. Past this, the oldest entries are removed. A thousand small components or a
/// dozen large ones fit.
const FOLDER_BYTES: u64 = 1 << 30;

const EXTENSION: &str = ".cwasm";

/// An unfinished file of this age was left by a process that ended.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// A folder of compiled code that is private to its user.
#[derive(Clone)]
pub struct CodeCache {
    place: Arc<Place>,
    /// `None` if the key cannot be read or made. Then nothing is found and nothing is kept.
    key: Option<Key>,
}

impl fmt::Debug for CodeCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CodeCache").field(&self.folder()).finish()
    }
}

impl CodeCache {
    /// Opens a cache folder. If it does not exist, it is made and is private.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made, or if others can write to it or replace it.
    pub fn open(folder: impl Into<PathBuf>) -> Result<CodeCache, HostError> {
        let place = Place::open(&folder.into())?;
        let key = Key::of(&place)
            .inspect_err(|error| {
                let folder = place.path().display();
                tracing::warn!(%folder, %error, "no key for the cache, compiling everything");
            })
            .ok();
        Ok(CodeCache {
            place: Arc::new(place),
            key,
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.place.path()
    }

    /// The compiled component of the content with this digest, and what is known of it; `None` if there is no
    /// intact entry.
    pub(crate) fn load(&self, engine: &Engine, content: &str) -> Option<(Component, Facts)> {
        let (name, key) = (entry_name(engine, content), self.key.as_ref()?);
        let path = || self.folder().join(&name).display().to_string();
        let read = self
            .place
            .file(&name)
            .and_then(|file| Ok((entry::check(&file, &name, key)?, file)));
        let (facts, file) = match read {
            Ok((Found::Intact(facts), file)) => (facts, file),
            Ok((Found::OtherVersion, _)) => return None,
            Ok((Found::Damaged, _)) => {
                tracing::warn!(path = %path(), "damaged cache entry, compiling again");
                return None;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path(), %error, "unreadable cache entry, compiling again");
                return None;
            }
        };
        match compiled::load(engine, &file) {
            Ok(component) => Some((component, *facts)),
            Err(error) => {
                tracing::warn!(path = %path(), %error, "stale cache entry, compiling again");
                None
            }
        }
    }

    /// Writes an entry. If the cache cannot be written, only a warning is logged, because the run can go on.
    pub(crate) fn store(
        &self,
        engine: &Engine,
        content: &str,
        component: &Component,
        facts: &Facts,
    ) {
        let name = entry_name(engine, content);
        let written = component
            .serialize()
            .map_err(io::Error::other)
            .and_then(|code| self.write(&name, &code, facts))
            .and_then(|()| self.trim(&name));
        if let Err(error) = written {
            let path = self.folder().join(&name);
            tracing::warn!(path = %path.display(), %error, "could not write cache entry");
        }
    }

    fn write(&self, name: &str, code: &[u8], facts: &Facts) -> io::Result<()> {
        let Some(key) = &self.key else {
            return Ok(());
        };
        self.place
            .write(name, |file| entry::write(file, name, key, code, facts))
    }

    /// Removes the oldest entries until the folder is within its bound, but never the newest. Also removes what a
    /// process left that ended while it wrote an entry.
    fn trim(&self, newest: &str) -> io::Result<()> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_secs() as i64);
        let (mut entries, mut total) = (Vec::new(), 0);
        for listed in self.place.list()? {
            let age = now - listed.modified;
            if listed.name.starts_with(UNFINISHED) && age > ABANDONED_AFTER.as_secs() as i64 {
                // If it is still in use or already gone, another process takes care of it.
                let _ = self.place.remove(&listed.name);
            }
            if listed.name.ends_with(EXTENSION) {
                total += listed.bytes;
                entries.push((listed.modified, listed.bytes, listed.name));
            }
        }
        entries.sort();
        for (_, bytes, name) in entries {
            if total <= FOLDER_BYTES {
                break;
            }
            if name != newest && self.place.remove(&name).is_ok() {
                total -= bytes;
            }
        }
        Ok(())
    }
}

fn entry_name(engine: &Engine, content: &str) -> String {
    name_under(engine, content, limits::TABLE)
}

/// The name of what was compiled under these limits. A component is held to them only when it is compiled, so what an older host compiled
/// under others is compiled again.
fn name_under(engine: &Engine, content: &str, limits: &[Limit]) -> String {
    let mut hasher = Fnv::default();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    // The code of a composed component contains the price of what crosses between its parts.
    COST_MODEL.hash(&mut hasher);
    for limit in limits {
        (limit.name, (limit.value)()).hash(&mut hasher);
    }
    format!("{content}-{:016x}{EXTENSION}", hasher.finish())
}

/// FNV-1a. The engine offers its compatibility hash only through `Hash`. The standard library's hasher may change
/// from one compiler to the next, and then no entry would be found any more.
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
    use std::fs::{self, File};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn entries_over_the_bound_go_oldest_first_but_never_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path().join("new")).unwrap();
        let day = std::time::Duration::from_secs(86_400);
        for (age_days, name) in [(3, "oldest"), (2, "older"), (1, "newest")] {
            let file = File::create(cache.folder().join(format!("{name}{EXTENSION}"))).unwrap();
            // The file is sparse, because the bound is about lengths.
            file.set_len(FOLDER_BYTES / 2).unwrap();
            file.set_modified(SystemTime::now() - day * age_days)
                .unwrap();
        }
        cache.trim("newest.cwasm").unwrap();
        let mut left: Vec<_> = fs::read_dir(cache.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, [".key", "newest.cwasm", "older.cwasm"]);
    }

    #[test]
    fn what_was_compiled_under_other_limits_has_another_name() {
        let engine = crate::engine::new(1, crate::engine::Reuse::default()).unwrap();
        let name = entry_name(&engine, "digest");
        assert_eq!(name_under(&engine, "digest", limits::TABLE), name);
        for at in 0..limits::TABLE.len() {
            let mut tighter = limits::TABLE.to_vec();
            tighter[at].value = || "1".to_owned();
            assert_ne!(name_under(&engine, "digest", &tighter), name);
        }
    }

    #[test]
    fn an_intact_entry_that_is_no_code_of_this_engine_is_a_miss() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path()).unwrap();
        let engine = crate::engine::new(1, crate::engine::Reuse::default()).unwrap();
        let name = entry_name(&engine, "digest");
        for code in [
            &b""[..],
            b"no code at all",
            &[0x7f, b'E', b'L', b'F', 0, 0, 0, 0],
        ] {
            cache.write(&name, code, &Facts::default()).unwrap();
            let (file, key) = (
                cache.place.file(&name).unwrap(),
                cache.key.as_ref().unwrap(),
            );
            let found = entry::check(&file, &name, key).unwrap();
            assert_eq!(found, Found::Intact(Box::default()));
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
        // The clock was set back since, so nobody can tell how old the file is.
        let file = File::create(folder.path().join(".writing-later")).unwrap();
        file.set_modified(SystemTime::now() + 2 * ABANDONED_AFTER)
            .unwrap();
        cache.trim("none").unwrap();
        assert!(folder.path().join(".writing-later").exists());
        assert!(!folder.path().join(".writing-old").exists());
        assert!(folder.path().join(".writing-new").exists());
    }
}
