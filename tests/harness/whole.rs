//! Keeps on this machine what snapshots leave out: the whole text of a run that passed or was accepted. If the
//! next run differs where the snapshot has only a digest, there is something to compare it with.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use similar::TextDiff;

use crate::listing::Rendered;

/// The lines of a difference that are shown. Nobody reads more.
const SHOWN_LINES: usize = 100;

/// How long to look for the smallest difference. After that a larger one is good enough.
const DIFF_TIME: Duration = Duration::from_secs(2);

/// The folder of whole texts.
pub(crate) struct Wholes {
    folder: PathBuf,
}

impl Wholes {
    pub(crate) fn new(folder: PathBuf) -> Wholes {
        Wholes { folder }
    }

    /// Keeps the whole text of a snapshot, after a line with the digest of the snapshot's text.
    pub(crate) fn keep(&self, snapshot: &Path, rendered: &Rendered) -> Result<()> {
        let Some(whole) = rendered.whole() else {
            return Ok(());
        };
        let path = self.path(snapshot);
        let kept = format!("{:x}\n{whole}", Sha256::digest(rendered.text()));
        if fs::read(&path).ok().as_deref() == Some(kept.as_bytes()) {
            return Ok(());
        }
        let folder = path.parent().context("a file stands in a folder")?;
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, kept))
            .with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// The difference between the reviewed text and the current one, as complete as possible.
    pub(crate) fn difference(&self, snapshot: &Path, old: &str, new: &Rendered) -> String {
        if !old.contains("; SHA-256 of ") {
            return diff(("reviewed", old), ("now", new.text()));
        }
        match self.whole_of(snapshot, old) {
            Some(old) => {
                let new = new.whole().unwrap_or(new.text());
                diff(("reviewed", &old), ("now", new))
            }
            None => format!(
                "{}what the snapshot has as a digest is not kept on this machine: no difference in it can be shown\n",
                diff(("reviewed", old), ("now", new.text()))
            ),
        }
    }

    fn whole_of(&self, snapshot: &Path, text: &str) -> Option<String> {
        let kept = fs::read_to_string(self.path(snapshot)).ok()?;
        let (digest, whole) = kept.split_once('\n')?;
        (digest == format!("{:x}", Sha256::digest(text))).then(|| whole.to_owned())
    }

    fn path(&self, snapshot: &Path) -> PathBuf {
        let subject = snapshot.parent().and_then(Path::file_name);
        self.folder
            .join(subject.unwrap_or_default())
            .join(snapshot.file_name().unwrap_or_default())
    }
}

/// The lines that differ between two texts, with some lines around them.
pub(crate) fn diff((old_name, old): (&str, &str), (new_name, new): (&str, &str)) -> String {
    let text = TextDiff::configure()
        .timeout(DIFF_TIME)
        .diff_lines(old, new)
        .unified_diff()
        .context_radius(2)
        .header(old_name, new_name)
        .to_string();
    let Some((at, _)) = text.match_indices('\n').nth(SHOWN_LINES) else {
        return text;
    };
    let left_out = text[at + 1..].lines().count();
    format!(
        "{}… {left_out} more lines of the difference\n",
        &text[..=at]
    )
}
