//! The cases as files: their names, and which of them a command line means.
//!
//! A name is a case (`duty-finder/default`), or a guest or group for all its cases (`duty-finder`). A text is a
//! part of names. A name that means nothing gives the same error in every command.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::fault::{Fault, USAGE, nearest};
use crate::project::Project;

/// All cases of the workspace, by name.
pub(crate) struct Cases(BTreeSet<String>);

impl Cases {
    pub(crate) fn find(project: &Project) -> Cases {
        let mut names = BTreeSet::new();
        for room in ["tests/cases", "tests/fixtures"] {
            for folder in below(&project.root.join(room)) {
                let subject = folder.file_name().unwrap_or_default().display().to_string();
                for file in below(&folder) {
                    if file
                        .extension()
                        .is_some_and(|extension| extension == "toml")
                    {
                        let stem = file.file_stem().unwrap_or_default().display();
                        names.insert(format!("{subject}/{stem}"));
                    }
                }
            }
        }
        Cases(names)
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether it is the name of a case, a guest or a group.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().any(|case| is_meant(case, name))
    }

    /// The cases whose name contains a text.
    ///
    /// # Errors
    ///
    /// If there is no such case.
    pub(crate) fn containing(&self, text: &str) -> Result<Vec<String>, Fault> {
        let found: Vec<_> = self.names().filter(|case| case.contains(text)).collect();
        match found.is_empty() {
            true => Err(self.unknown("case", text)),
            false => Ok(found.into_iter().map(str::to_owned).collect()),
        }
    }

    /// The error for an unknown name.
    pub(crate) fn unknown(&self, what: &str, name: &str) -> Fault {
        let subjects = self.names().filter_map(|case| case.split('/').next());
        let known: BTreeSet<&str> = subjects.chain(self.names()).collect();
        let near = nearest(name, known);
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        Fault::new(USAGE, format!("no {what} is called `{name}`")).hint(format!(
            "{near}`cargo xtask test -- --list` shows the name of every test"
        ))
    }
}

/// Whether a name means this case: it is the name of the case, or of its guest or group.
pub(crate) fn is_meant(case: &str, name: &str) -> bool {
    let subject = name.strip_suffix('/').unwrap_or(name);
    let of_subject = |rest: &str| rest.starts_with('/');
    case == name || case.strip_prefix(subject).is_some_and(of_subject)
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
