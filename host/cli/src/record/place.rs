//! Where a run is recorded, and the clock and the seed that it has.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use fractalaw_host::PolicyError;

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
    /// The folder of the flag. There must be nothing in it.
    pub(crate) fn new(folder: &Path, fixed: Fixed) -> Result<Place> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let is_word = |word: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            !word.is_empty() && word.chars().all(fits)
        };
        let shown = folder.display();
        if !name.split('-').all(is_word) {
            return Err(wrong(
                format!(
                    "`{name}` is no name for a case, expected lower-case words and digits with `-` between them"
                ),
                "name the folder as the case is to be called, such as `--record first-permit`",
            ));
        }
        match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(wrong(
                    format!("`{shown}` is a file, expected a new folder for the record of the run"),
                    "name a folder that does not exist: the answers of models are recorded with the run",
                ));
            }
            Err(error) => {
                return Err(error).with_context(|| format!("could not look into `{shown}`"));
            }
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(wrong(
                        format!(
                            "`{shown}` is not empty, expected a new folder for the record of the run"
                        ),
                        "name another folder, or remove this one",
                    ));
                }
            }
        }
        Ok(Place {
            name: name.into_owned(),
            folder: folder.to_owned(),
            fixed,
        })
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

/// An error of usage.
pub(super) fn wrong(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    PolicyError {
        path: None,
        line: None,
        message: message.into(),
        hint: hint.into(),
        is_usage: true,
    }
    .into()
}
