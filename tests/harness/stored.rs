//! Snapshots as files: the one reader and the one writer of them.
//!
//! They look as insta's do, so that `cargo insta review` shows and accepts pending ones. insta itself is not asked:
//! variables such as `INSTA_FORCE_PASS` would have a say in what passes, and white space at the end of a text would
//! not count.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// What stands in a snapshot's file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Nothing,
    /// The text past the header.
    Text(String),
    /// There is a file, and it is no snapshot.
    Unreadable(String),
}

impl Stored {
    /// Reads a file. Line ends of another system mean the same: a rendered text has no bare carriage return.
    pub(crate) fn read(path: &Path) -> Stored {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Stored::Nothing,
            Err(error) => return Stored::Unreadable(error.to_string()),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return Stored::Unreadable("it is not UTF-8".to_owned());
        };
        let text = text.replace("\r\n", "\n");
        let contents = text
            .strip_prefix("---\n")
            .and_then(|rest| rest.split_once("\n---\n"));
        match contents {
            // A rendered text ends in one newline, unless it is empty, and insta writes one even then.
            Some((_, contents)) => Stored::Text(match contents.trim_end_matches('\n') {
                "" => String::new(),
                contents => format!("{contents}\n"),
            }),
            None => Stored::Unreadable("it has no header between two lines `---`".to_owned()),
        }
    }

    /// The text, if there is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Stored::Text(text) => Some(text),
            Stored::Nothing | Stored::Unreadable(_) => None,
        }
    }
}

/// Writes a snapshot unless it is there to the byte, header included, and takes away what was pending.
pub(crate) fn accept(path: &Path, about: &str, text: &str) -> Result<()> {
    let file = file(about, text);
    if fs::read(path).ok().as_deref() != Some(file.as_bytes()) {
        write(path, &file)?;
    }
    forget_pending(path)
}

/// Puts a text beside the snapshot, to be reviewed.
pub(crate) fn put_beside(path: &Path, about: &str, text: &str) -> Result<()> {
    write(&pending(path), &file(about, text))
}

/// Takes away what an earlier run put beside the snapshot.
pub(crate) fn forget_pending(path: &Path) -> Result<()> {
    let pending = pending(path);
    match fs::remove_file(&pending) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", pending.display()))
        }
        _ => Ok(()),
    }
}

/// Where what is to be reviewed stands.
pub(crate) fn pending(path: &Path) -> PathBuf {
    path.with_added_extension("new")
}

fn write(path: &Path, file: &str) -> Result<()> {
    let context = || format!("cannot write `{}`", path.display());
    let folder = path.parent().with_context(context)?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, file))
        .with_context(context)
}

fn file(about: &str, text: &str) -> String {
    let about = yaml(about);
    format!("---\nsource: tests/harness/snapshot.rs\ndescription: {about}\n---\n{text}")
}

/// A string as insta writes it, so that accepting does not move a header that says the same.
fn yaml(text: &str) -> String {
    let marks = |c: char| c.is_control() || ":{}[],#`\"'\\".contains(c);
    let is_plain = text.starts_with(|c: char| c.is_alphanumeric())
        && !text.ends_with(' ')
        && !text.contains(marks)
        && text.contains(' ')
        && text.parse::<f64>().is_err();
    match is_plain {
        true => text.to_owned(),
        // JSON's strings are YAML's.
        false => serde_json::Value::from(text).to_string(),
    }
}
