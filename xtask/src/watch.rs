//! Notices which files change, for `--watch`.
//!
//! It looks at the files again and again: sizes and times first, and contents where these differ. So a file that is saved without a
//! change is no change. A look at this repository's sources and cases is 2 400 files and takes some milliseconds. Being told by the system would
//! need a crate for each system, and would still miss what changes on network drives and mounted folders.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::digest;
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

    /// What has changed since the last look.
    fn look(&mut self) -> Vec<PathBuf> {
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
        let all = before.keys().chain(self.seen.keys());
        all.filter(differs).cloned().collect()
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
        if is_made(&name.to_string_lossy()) {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => list(&entry.path(), files),
            Ok(_) => files.push(entry.path()),
            Err(_) => {}
        }
    }
}

/// What editors, cargo, the harness and the tools of other languages make. The harness writes pending snapshots, so these would
/// start a run without end.
fn is_made(name: &str) -> bool {
    let folders = ["target", "node_modules", "__pycache__"];
    let ends = ["~", ".swp", ".tmp", ".snap.new", ".pending-snap"];
    name.starts_with('.') || folders.contains(&name) || ends.iter().any(|end| name.ends_with(end))
}

/// What guests are built from.
pub(crate) fn sources(project: &Project) -> Vec<PathBuf> {
    let places = [
        "guests",
        "wit",
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
    ];
    places.map(|place| project.root.join(place)).into()
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
        for made in ["a.behaviour.snap.new", ".hidden", "a~", "deep/target/a"] {
            write(made, "made");
        }
        assert!(watch.look().is_empty());

        write("deep/changed.rs", "two");
        fs::remove_file(path("gone.rs")).unwrap();
        write("alone.toml", "new");
        let changed = ["alone.toml", "deep/changed.rs", "gone.rs"].map(path);
        assert_eq!(watch.next(), changed);
        assert!(watch.look().is_empty());
    }
}
