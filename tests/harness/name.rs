//! The name of a case. Its test, its folder, its snapshots and its records are named after it, and only here.

use std::fmt;
use std::path::{Path, PathBuf};

/// `subject/stem`. Each part is lower-case words and digits with `-` between them.
///
/// So two different names are two different files everywhere, even if a file system ignores case, and what
/// follows a dot is never part of a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    /// The name of the guest, or of a group of fixtures.
    pub(crate) subject: String,
    stem: String,
}

impl Name {
    /// The name of the case in this file, whether or not it is valid.
    pub(crate) fn of(file: &Path) -> Name {
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().display().to_string();
        Name {
            subject: part(file.parent().and_then(Path::file_name)),
            // Not the stem as paths define it: even with a dot in the name, the file and the name must match.
            stem: part(file.with_extension("").file_name()),
        }
    }

    /// What is wrong with the name.
    pub(crate) fn problem(&self) -> Option<String> {
        let is_word = |word: &str| {
            let mut characters = word.chars();
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            !word.is_empty() && characters.all(fits)
        };
        let bad = [&self.subject, &self.stem]
            .into_iter()
            .find(|part| !part.split('-').all(is_word))?;
        Some(format!(
            "`{}` is no name for a case, expected lower-case words and digits with `-` between them\n\
             hint: rename `{}`",
            self.to_string().escape_debug(),
            bad.escape_debug()
        ))
    }

    /// Its snapshots below this folder: behaviour, cost, and functions.
    pub(crate) fn snapshots(&self, folder: &Path) -> [PathBuf; 3] {
        ["behaviour", "fuel", "functions"].map(|aspect| {
            folder
                .join(&self.subject)
                .join(format!("{}.{aspect}.snap", self.stem))
        })
    }

    /// The snapshot of a scenario's story below this folder.
    pub(crate) fn story(&self, folder: &Path) -> PathBuf {
        let file = format!("{}.story.snap", self.stem);
        folder.join(&self.subject).join(file)
    }

    /// Its record below this folder.
    pub(crate) fn record(&self, folder: &Path) -> PathBuf {
        folder
            .join(&self.subject)
            .join(format!("{}.json", self.stem))
    }

    /// Whether `asked` is the name of this case or of its subject.
    pub(crate) fn is_meant_by(&self, asked: &str) -> bool {
        let subject = asked.strip_suffix('/').unwrap_or(asked);
        subject == self.subject || asked == self.to_string()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.subject, self.stem)
    }
}
