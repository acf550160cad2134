//! Notices which files change, for `--watch`.
//!
//! It looks at the files again and again: sizes and times first, and contents where these differ. So a file that is saved without a
//! change is no change. A look at this repository's sources and cases is 2 400 files and takes some milliseconds. Being told by the system would
//! need a crate for each system, and would still miss what changes on network drives and mounted folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use crate::build_guests;
use crate::digest;
use crate::language;
use crate::project::Project;

/// How often files are looked at. An editor that saves several files needs less than this.
const LOOK: Duration = Duration::from_millis(200);

/// What a look sees of a file: enough to know that its content is the same, and its content.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    stamp: Option<(SystemTime, u64)>,
    digest: String,
}

/// Files that are looked at.
pub(crate) struct Watch {
    places: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, Seen>,
}

impl Watch {
    /// Looks at these files and folders for the first time. What changes from now on is noticed.
    pub(crate) fn begin(places: Vec<PathBuf>) -> Watch {
        let mut watch = Watch {
            places,
            seen: BTreeMap::new(),
        };
        watch.look();
        watch
    }

    /// Waits until files have changed, and then until they stand still. Returns their paths.
    pub(crate) fn next(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        loop {
            let now = self.look();
            if now.is_empty() && !changed.is_empty() {
                changed.sort();
                changed.dedup();
                return changed;
            }
            changed.extend(now);
            thread::sleep(LOOK);
        }
    }

    /// Looks at the sources too that are known now, because a build may have read what was not known before. What is there now is
    /// no change.
    pub(crate) fn know_more(&mut self, project: &Project) {
        // What is wrong there is said by the next build.
        self.also(sources(project).unwrap_or_default());
    }

    fn also(&mut self, places: Vec<PathBuf>) {
        for place in places {
            if self.places.contains(&place) {
                continue;
            }
            let mut files = Vec::new();
            list(&place, &mut files);
            for path in files {
                let seen = Seen {
                    stamp: stamp(&path),
                    digest: digest::file(&path).unwrap_or_default(),
                };
                self.seen.entry(path).or_insert(seen);
            }
            self.places.push(place);
        }
    }

    /// What has changed since the last look.
    pub(crate) fn look(&mut self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for place in &self.places {
            list(place, &mut files);
        }
        let before = std::mem::take(&mut self.seen);
        for path in files {
            let stamp = stamp(&path);
            let now = match before.get(&path) {
                Some(seen) if seen.stamp == stamp && stamp.is_some() => seen.clone(),
                // A file that cannot be read is as one that is not there.
                _ => Seen {
                    stamp,
                    digest: digest::file(&path).unwrap_or_default(),
                },
            };
            self.seen.insert(path, now);
        }
        let differs = |path: &&PathBuf| {
            let digest = |files: &BTreeMap<PathBuf, Seen>| {
                let seen = files.get(*path);
                seen.map(|seen| seen.digest.clone())
            };
            digest(&before) != digest(&self.seen)
        };
        let all: BTreeSet<&PathBuf> = before.keys().chain(self.seen.keys()).collect();
        let changed = all.into_iter().filter(differs);
        changed.cloned().collect()
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Adds a file, or the files of a folder. Links to folders are not followed, because they may have no end.
fn list(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = path.read_dir() else {
        if path.is_file() {
            files.push(path.to_owned());
        }
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if is_made(path, &name.to_string_lossy()) {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => list(&entry.path(), files),
            Ok(_) => files.push(entry.path()),
            Err(_) => {}
        }
    }
}

/// What editors, git, cargo, the harness and the tools of other languages make. The harness writes pending snapshots, so these
/// would start a run without end. `target` and `node_modules` are made where a package is declared. Elsewhere they are modules
/// and data like others.
fn is_made(folder: &Path, name: &str) -> bool {
    let begins = [".#", ".tmp"];
    let ends = ["~", ".swp", ".swx", ".snap.new", ".pending-snap"];
    let is_package = || {
        let mut manifests = ["Cargo.toml", language::MANIFEST].iter();
        manifests.any(|manifest| folder.join(manifest).is_file())
    };
    match name {
        ".git" | "__pycache__" => true,
        "target" | "node_modules" => is_package(),
        _ => {
            begins.iter().any(|begin| name.starts_with(begin))
                || ends.iter().any(|end| name.ends_with(end))
        }
    }
}

/// What guests are built from, as far as it is known: what their last builds read outside of their folders belongs to it.
pub(crate) fn sources(project: &Project) -> Result<Vec<PathBuf>> {
    let places = [
        "guests",
        "wit",
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
        ".cargo/config.toml",
        ".cargo/config",
    ];
    let places = places.map(|place| project.root.join(place));
    let mut more = BTreeSet::new();
    for guest in project.guests()? {
        more.insert(project.guest_folder(&guest));
        more.extend(build_guests::read_by(project, &guest));
    }
    more.retain(|more| !places.iter().any(|place| more.starts_with(place)));
    // The files of a folder that is there already have no need to be there for themselves.
    let folders: Vec<PathBuf> = more
        .iter()
        .filter(|place| place.is_dir())
        .cloned()
        .collect();
    let is_alone = |place: &PathBuf| {
        let mut around = folders.iter().filter(|folder| *folder != place);
        !around.any(|folder| place.starts_with(folder))
    };
    Ok(places
        .into_iter()
        .chain(more.into_iter().filter(is_alone))
        .collect())
}

/// Says what changed, in one line.
pub(crate) fn say_changed(project: &Project, changed: &[PathBuf]) {
    const SHOWN: usize = 3;
    let shown = changed.iter().take(SHOWN);
    let shown = shown.map(|path| format!("`{}`", project.relative(path).display()));
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if let Some(more) = changed.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text += &format!(" and {more} more");
    }
    eprintln!("\nwatch: changed: {text}");
}

/// Says how a round ended, and that the next one waits for a change.
pub(crate) fn say_ended(result: &str, took: Duration) {
    eprintln!(
        "watch: {result} in {:.1} s; waiting for changes, Ctrl-C ends",
        took.as_secs_f64()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_compared_and_what_is_made_is_not_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| fs::write(path(name), text).unwrap();
        fs::create_dir_all(path("deep/target")).unwrap();
        fs::create_dir_all(path("deep/src/target")).unwrap();
        write("deep/Cargo.toml", "");
        write("kept.rs", "one");
        write("deep/changed.rs", "one");
        write("gone.rs", "one");
        let mut watch = Watch::begin(vec![folder.path().to_owned(), path("alone.toml")]);
        assert!(watch.look().is_empty());

        // Written again, and with another time.
        write("kept.rs", "one");
        let file = fs::File::options()
            .write(true)
            .open(path("kept.rs"))
            .unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        for made in ["a.behaviour.snap.new", ".#a.rs", "a~", "deep/target/a"] {
            write(made, "made");
        }
        assert!(watch.look().is_empty());

        write("deep/changed.rs", "two");
        fs::remove_file(path("gone.rs")).unwrap();
        // Names that only look as if something had made them.
        for read in ["alone.toml", ".env", "a.tmp", "deep/src/target/mod.rs"] {
            write(read, "new");
        }
        let changed = [
            ".env",
            "a.tmp",
            "alone.toml",
            "deep/changed.rs",
            "deep/src/target/mod.rs",
            "gone.rs",
        ];
        assert_eq!(watch.next(), changed.map(path));
        assert!(watch.look().is_empty());
    }

    #[test]
    fn a_change_is_seen_beside_a_newer_file_and_links_in_circles_have_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("old.rs"), "one").unwrap();
        let file = fs::File::create(path("newer.rs")).unwrap();
        let later = SystemTime::now() + Duration::from_secs(1_000_000);
        file.set_modified(later).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("..", path("up")).unwrap();
        let mut watch = Watch::begin(vec![path("newer.rs")]);
        watch.also(vec![folder.path().to_owned()]);
        assert!(watch.look().is_empty());
        fs::write(path("old.rs"), "two").unwrap();
        assert_eq!(watch.look(), [path("old.rs")]);
        assert!(watch.look().is_empty());
    }
}
