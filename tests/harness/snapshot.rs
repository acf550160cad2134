//! Snapshots as files. insta reads them, writes them, and puts pending ones beside them for `cargo insta review`.
//!
//! insta does not decide what passes. It is asked to write only what is known to differ or is to be accepted.
//! Afterwards the file is read again: its contents count, and not what insta said. insta removes white space from
//! the end of a text, so a rendered text ends in exactly one newline (`listing`).

use std::cell::Cell;
use std::env;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::panic;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use insta::{Comparator, Settings, Snapshot};

use crate::flags::Writing;
use crate::listing::Rendered;

/// The contents of a snapshot's file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Nothing,
    /// The text after the header.
    Text(String),
    /// The file exists and is not a snapshot.
    Unreadable(String),
}

impl Stored {
    /// Reads a file. Line ends of another system mean the same, because a rendered text has no carriage return.
    pub(crate) fn read(path: &Path) -> Stored {
        if let Some(text) = fs::read_to_string(path).ok().as_deref().and_then(plain) {
            return Stored::Text(text.to_owned());
        }
        match load(path) {
            Ok(Some(snapshot)) => match text(&snapshot).as_deref() {
                Some("\n") => Stored::Unreadable("it has no text".to_owned()),
                Some(text) => Stored::Text(text.to_owned()),
                None => Stored::Unreadable("it is a binary snapshot".to_owned()),
            },
            Ok(None) => Stored::Nothing,
            Err(error) => Stored::Unreadable(format!("{error:#}")),
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

/// The text of a snapshot whose header is what insta writes for most cases. It is what insta would read, without a YAML parser,
/// in which the harness would spend much of its time.
fn plain(file: &str) -> Option<&str> {
    let rest = file.strip_prefix("---\nsource: ")?;
    let (source, rest) = rest.split_once("\ndescription: ")?;
    let (description, text) = rest.split_once("\n---\n")?;
    let body = text.strip_suffix('\n')?;
    let ends_plainly = !body.is_empty() && !body.ends_with(char::is_whitespace);
    let is_plain = is_plain_scalar(source) && is_plain_scalar(description);
    (is_plain && ends_plainly && !text.contains('\r')).then_some(text)
}

/// Whether this is a line of YAML that no parser could read as anything but a text.
fn is_plain_scalar(value: &str) -> bool {
    let inner = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    let has_none_of = |value: &str, special: &[char]| {
        !value.contains(special) && !value.contains(char::is_control)
    };
    match inner {
        Some(inner) => has_none_of(inner, &['"', '\\']),
        None => {
            value.starts_with(|first: char| first.is_ascii_alphabetic())
                && has_none_of(value, &[':', '#'])
        }
    }
}

fn load(path: &Path) -> Result<Option<Snapshot>> {
    // Without this line insta would look for the header of its first versions.
    let mut start = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(4).read_to_end(&mut start)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let has_header = start == b"---\n" || start == b"---\r";
    ensure!(has_header, "it has no header between two lines `---`");
    let snapshot = Snapshot::from_file(path).map_err(|error| anyhow!("{error}"))?;
    Ok(Some(snapshot))
}

fn text(snapshot: &Snapshot) -> Option<String> {
    let text = snapshot.as_text()?;
    Some(format!("{text}\n"))
}

/// Compares a file with everything that must be in it.
#[derive(Clone)]
struct Exactly {
    about: String,
    text: String,
}

impl Exactly {
    fn is_held_by(&self, snapshot: &Snapshot) -> bool {
        let header = snapshot.metadata();
        text(snapshot).as_ref() == Some(&self.text)
            && header.description().unwrap_or_default() == self.about
            // Only a pending snapshot has this.
            && header.assertion_line().is_none()
    }
}

impl Comparator for Exactly {
    fn matches(&self, reference: &Snapshot, _: &Snapshot) -> bool {
        self.is_held_by(reference)
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(self.clone())
    }
}

/// Writes a snapshot unless it is already there, including its header, and removes a pending one.
pub(crate) fn accept(path: &Path, about: &str, rendered: &Rendered) -> Result<()> {
    let exactly = exactly(about, rendered);
    let is_held =
        |path| load(path).is_ok_and(|kept| kept.is_some_and(|kept| exactly.is_held_by(&kept)));
    if !is_held(path) {
        // On success insta says nothing.
        let said = assert(path, &exactly).err().unwrap_or_default();
        ensure!(is_held(path), "cannot write `{}`: {said}", path.display());
    }
    forget_pending(path)
}

/// Puts a text beside the snapshot for review.
pub(crate) fn put_beside(path: &Path, about: &str, rendered: &Rendered) -> Result<()> {
    let pending = pending(path);
    // On success insta finds a difference and says so.
    let said = assert(path, &exactly(about, rendered)).err();
    ensure!(
        Stored::read(&pending).text() == Some(rendered.text()),
        "cannot write `{}`: {}",
        pending.display(),
        said.unwrap_or_default()
    );
    Ok(())
}

/// Removes what an earlier run put beside the snapshot.
pub(crate) fn forget_pending(path: &Path) -> Result<()> {
    let pending = pending(path);
    match fs::remove_file(&pending) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", pending.display()))
        }
        _ => Ok(()),
    }
}

/// The path of the text for review.
pub(crate) fn pending(path: &Path) -> PathBuf {
    path.with_added_extension("new")
}

fn exactly(about: &str, rendered: &Rendered) -> Exactly {
    Exactly {
        about: about.to_owned(),
        text: rendered.text().to_owned(),
    }
}

/// Has insta write as `INSTA_UPDATE` says. insta lists the whole folder, which takes most of the time if a guest
/// has a thousand cases. So it is not asked about what is unchanged.
fn assert(path: &Path, exactly: &Exactly) -> Result<(), String> {
    let folder = path.parent().ok_or("it stands in no folder")?;
    let name = path.file_stem().ok_or("it has no name")?.to_string_lossy();
    without_a_word(|| {
        let mut settings = Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_description(&*exactly.about);
        settings.set_comparator(Box::new(exactly.clone()));
        settings.bind(|| insta::assert_snapshot!(&*name, exactly.text));
    })
}

thread_local! {
    static ASKING: Cell<bool> = const { Cell::new(false) };
}

/// Catches what insta panics with: that a snapshot differs, or why it cannot be written.
fn without_a_word(ask: impl FnOnce() + panic::UnwindSafe) -> Result<(), String> {
    ASKING.set(true);
    let asked = panic::catch_unwind(ask);
    ASKING.set(false);
    asked.map_err(|panicked| {
        let text = panicked.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panicked.downcast_ref::<&str>().copied());
        text.unwrap_or("insta panicked").to_owned()
    })
}

/// Prepares insta for writing. The environment must tell it what the command line says, and its panics are not
/// printed. If nothing is to be written, insta only reads, and reads no variable.
pub(crate) fn get_ready(writing: Writing) -> Result<()> {
    let update = match writing {
        Writing::Never => return Ok(()),
        Writing::Pending => "new",
        Writing::Accept | Writing::Functions => "always",
    };
    let mut expected = vec![("INSTA_OUTPUT", "none"), ("INSTA_UPDATE", update)];
    let mut wrong = Vec::new();
    for (name, value) in env::vars_os() {
        let known = expected.iter().position(|(known, _)| name == *known);
        match known.map(|at| expected.swap_remove(at)) {
            Some((_, expected)) if value == expected => {}
            None if !name.to_string_lossy().starts_with("INSTA_") => {}
            _ => wrong.push(format!("`{}` is `{}`", name.display(), value.display())),
        }
    }
    wrong.extend((expected.iter()).map(|(name, _)| format!("`{name}` is not set")));
    wrong.sort();
    ensure!(
        wrong.is_empty(),
        "snapshots cannot be written, because the environment tells insta something else than the command line: {}\n\
         hint: run `cargo xtask test`, with `--accept` or `--review`, which sets it",
        wrong.join(", ")
    );
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !ASKING.get() {
            print(panic);
        }
    }));
    Ok(())
}
