//! Where a run is recorded, the clock and the seed that it has, and where what it is given is.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use fractalaw_host::capability::GrantedName;
use fractalaw_host::{Given, terminal};

use crate::usage::wrong;

/// The recorded answers of models, beside the case.
pub(super) const ANSWERS: &str = "answers.jsonl";

/// The clock and the seed of a run that is recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixed {
    pub(crate) clock: Duration,
    pub(crate) seed: u64,
}

impl Fixed {
    /// Those of the flags, or now and by chance.
    pub(crate) fn new(clock: Option<Duration>, seed: Option<u64>) -> Fixed {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH);
        // TOML has no number above 2^63. Fewer digits are easier to read.
        let chance = || u64::from(RandomState::new().hash_one(()) as u32);
        Fixed {
            clock: clock.unwrap_or_else(|| now().unwrap_or_default()),
            seed: seed.unwrap_or_else(chance),
        }
    }
}

/// Where a run is recorded.
pub(crate) struct Place {
    pub(super) folder: PathBuf,
    /// The name of the case.
    pub(super) name: String,
    fixed: Fixed,
}

impl Place {
    /// The folder of the flag, which must not exist.
    pub(crate) fn new(folder: &Path, fixed: Fixed) -> Result<Place> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let is_word = |word: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            !word.is_empty() && word.chars().all(fits)
        };
        if !name.split('-').all(is_word) {
            return Err(wrong(
                format!(
                    "`{name}` is no name for a case, expected lower-case words and digits with `-` between them"
                ),
                "name the folder as the case is to be called, such as `--record first-permit`",
            ));
        }
        if folder.symlink_metadata().is_ok() {
            return Err(exists(folder));
        }
        Ok(Place {
            name: name.into_owned(),
            folder: folder.to_owned(),
            fixed,
        })
    }

    /// Refuses a place in a folder that the guest is given: the record would be part of itself, and the guest could change
    /// it.
    pub(super) fn is_outside(&self, given: &Given) -> Result<()> {
        let Some(parent) = self.folder.parent().and_then(real) else {
            // Making the folder says why not.
            return Ok(());
        };
        let mut dirs = given.grants.dirs.iter();
        match dirs.find(|dir| real(&dir.host).is_some_and(|dir| parent.starts_with(dir))) {
            Some(dir) => Err(wrong(
                format!(
                    "`{}` is to be in `{}`, which the guest is given",
                    self.shown(),
                    terminal::one_line(&dir.host.to_string_lossy())
                ),
                "record it outside of the granted folders",
            )),
            None => Ok(()),
        }
    }

    /// Makes the folder.
    pub(super) fn make(&self) -> Result<()> {
        let made = fs::create_dir(&self.folder).and_then(|()| fs::create_dir(self.beside()));
        made.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => exists(&self.folder),
            ErrorKind::NotFound => wrong(
                format!(
                    "`{}` is to be in a folder that does not exist",
                    self.shown()
                ),
                "make that folder first",
            ),
            _ => wrong(
                format!("could not make the folder `{}`: {error}", self.shown()),
                "name a folder in a place where you may write",
            ),
        })
    }

    /// Removes what was made.
    pub(super) fn remove(&self) {
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// The folder, for people.
    pub(super) fn shown(&self) -> String {
        terminal::one_line(&self.folder.to_string_lossy())
    }

    /// The clock and the seed of the run.
    pub(crate) fn fixed(&self) -> Fixed {
        self.fixed
    }

    /// The folder of what belongs to the case, beside its file.
    pub(super) fn beside(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// The file to which answers of models go.
    pub(crate) fn answers(&self) -> PathBuf {
        self.beside().join(ANSWERS)
    }
}

/// A folder without links and `..`. The parent of a single name is here.
fn real(folder: &Path) -> Option<PathBuf> {
    let here = folder.as_os_str().is_empty();
    let folder = if here { Path::new(".") } else { folder };
    folder.canonicalize().ok()
}

fn exists(folder: &Path) -> anyhow::Error {
    wrong(
        format!(
            "`{}` exists, expected a new folder for the record of the run",
            folder.display()
        ),
        "name another folder, or remove this one",
    )
}

/// The file that a name has as its value.
pub(super) fn path(name: &GrantedName) -> Option<PathBuf> {
    Some(name.folder().join(name.value().as_str()?))
}
