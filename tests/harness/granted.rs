//! The folders that a case grants. They are copied for each run, and compared after it.
//!
//! Names of files, folders and links are compared, and every byte in them. Times are not, because they depend on
//! the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fractalaw_host::terminal::one_line;
use tempfile::TempDir;

use crate::data::Database;
use crate::listing::{self, Listing};
use crate::regular;

/// Copies of the granted folders, for one run. So no run finds what another left, not even one that may write.
pub(crate) struct Granted {
    /// Each copy, and its path in the guest.
    pub(crate) folders: Vec<(PathBuf, String)>,
    /// The database, if the case has data. What a run changes there is among the report's effects.
    pub(crate) database: Option<Database>,
    is_writable: bool,
    before: Tree,
    _place: Option<TempDir>,
}

/// The contents, by the number of the folder and the path in it.
type Tree = BTreeMap<(usize, String), Entry>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    File(Vec<u8>),
    Folder,
    /// A link, with what it leads to.
    Link(String),
    Other,
}

/// What a run changed in its folders. Empty if the run could write nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    is_writable: bool,
    /// By path: what was there before, and what is there now.
    changed: Vec<(String, Option<Entry>, Option<Entry>)>,
}

impl Granted {
    /// Copies folders. For each: its path, or `None` for an empty folder, its path in the guest, and whether the guest may
    /// write.
    pub(crate) fn copy(folders: &[(Option<PathBuf>, &str, bool)]) -> Result<Granted> {
        let place = match folders {
            [] => None,
            _ => Some(tempfile::tempdir().context("no place for copies of folders")?),
        };
        let mut granted = Granted {
            folders: Vec::new(),
            database: None,
            is_writable: folders.iter().any(|(_, _, writable)| *writable),
            before: Tree::new(),
            _place: None,
        };
        for (number, (folder, guest, _)) in folders.iter().enumerate() {
            let place = place.as_ref().context("there is a place for copies")?;
            let copy = place.path().join(number.to_string());
            match folder {
                Some(folder) => copy_folder(folder, &copy)?,
                None => fs::create_dir(&copy).context("no place for an empty folder")?,
            }
            granted.folders.push((copy, (*guest).to_owned()));
        }
        granted.before = granted.tree()?;
        granted._place = place;
        Ok(granted)
    }

    /// What differs from the copied folders.
    pub(crate) fn changes(&self) -> Result<Changes> {
        let now = self.tree()?;
        let paths: BTreeSet<_> = self.before.keys().chain(now.keys()).collect();
        let changed = paths
            .into_iter()
            .filter(|path| self.before.get(path) != now.get(path))
            .map(|path| {
                let (number, inside) = path;
                let guest = self.folders[*number].1.trim_end_matches('/');
                (
                    format!("{guest}/{inside}"),
                    self.before.get(path).cloned(),
                    now.get(path).cloned(),
                )
            })
            .collect();
        Ok(Changes {
            is_writable: self.is_writable,
            changed,
        })
    }

    fn tree(&self) -> Result<Tree> {
        let mut tree = Tree::new();
        for (number, (folder, _)) in self.folders.iter().enumerate() {
            look(number, folder, "", &mut tree)?;
        }
        Ok(tree)
    }
}

fn look(number: usize, folder: &Path, inside: &str, tree: &mut Tree) -> Result<()> {
    let context = || format!("cannot look at `{}`", folder.display());
    for entry in fs::read_dir(folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        let path = entry.path();
        let context = || format!("cannot read `{}`", path.display());
        let name = format!("{inside}{}", text(entry.file_name()));
        let kind = entry.file_type().with_context(context)?;
        let found = if kind.is_dir() {
            look(number, &path, &format!("{name}/"), tree)?;
            Entry::Folder
        } else if kind.is_symlink() {
            let to = fs::read_link(&path).with_context(context)?;
            Entry::Link(text(to.into()))
        } else if kind.is_file() {
            Entry::File(fs::read(&path).with_context(context)?)
        } else {
            Entry::Other
        };
        tree.insert((number, name), found);
    }
    Ok(())
}

/// A name. If it is not UTF-8, no guest made it, because the names of guests are strings. It still differs from
/// all other names.
fn text(name: OsString) -> String {
    name.into_string()
        .unwrap_or_else(|name| format!("{name:?}"))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy the granted folder `{}`", from.display());
    fs::create_dir_all(to).with_context(context)?;
    for entry in fs::read_dir(from).with_context(context)? {
        let entry = entry.with_context(context)?;
        let target = to.join(entry.file_name());
        if entry.file_type().with_context(context)?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            let path = entry.path();
            regular::check(&path)?;
            fs::copy(&path, target)
                .with_context(|| format!("cannot copy the granted file `{}`", path.display()))?;
        }
    }
    Ok(())
}

impl Changes {
    /// Adds the changes to a text. Adds nothing if the case grants no folder for writing.
    pub(crate) fn put(&self, text: &mut Listing) {
        if self.changed.is_empty() {
            if self.is_writable {
                text.line("files: unchanged");
            }
            return;
        }
        text.line(&format!("files: {} changed", self.changed.len()));
        for (path, before, now) in &self.changed {
            // A name cannot end its quotation marks.
            let quoted = |name: &str| format!("`{}`", one_line(name).replace('`', "\\u{60}"));
            let described = |entry: &Entry| match entry {
                Entry::File(bytes) => {
                    format!("a file of {} bytes{}", bytes.len(), listing::kind(bytes))
                }
                Entry::Folder => "a folder".to_owned(),
                Entry::Link(to) => format!("a link to {}", quoted(to)),
                Entry::Other => "neither file nor folder nor link".to_owned(),
            };
            let said = match (before, now) {
                (Some(before), Some(now)) => {
                    format!("was {}, is {}", described(before), described(now))
                }
                (None, Some(now)) => format!("made, {}", described(now)),
                (Some(before), None) => format!("removed, was {}", described(before)),
                (None, None) => continue,
            };
            text.line(&format!("  {}: {said}", quoted(path)));
            if let Some(Entry::File(bytes)) = now {
                text.list("    ", &listing::contents(bytes));
            }
        }
    }
}
