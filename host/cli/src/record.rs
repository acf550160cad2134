//! `fractalaw run --record FOLDER`: keeps all that a run is given, and what came of it, as a case of `cargo xtask test`.
//!
//! The run is real: its folders, its database and its models are. Only its clock and its random numbers are those of a
//! deterministic run, which begins now and with a seed drawn by chance. They are recorded too, so the case repeats the
//! run.

// From the ground up.
mod place;
mod toml;

mod copies;

mod case;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use fractalaw_host::{Given, Outcome, Report};

use crate::printing;
use copies::Copies;

pub(crate) use place::{Fixed, Place};

/// What was kept of a run before it began.
pub(crate) struct Record {
    place: Place,
    given: Given,
    copies: Copies,
}

impl Record {
    /// Keeps what the run is given.
    pub(crate) fn begin(place: Place, given: Given) -> Result<Record> {
        let beside = place.beside();
        let copies = fs::create_dir_all(&beside)
            .with_context(|| format!("could not make `{}`", beside.display()))
            .and_then(|()| Copies::of(&given, &beside));
        match copies {
            Ok(copies) => Ok(Record {
                place,
                given,
                copies,
            }),
            Err(error) => {
                let _ = fs::remove_dir_all(&place.folder);
                Err(error)
            }
        }
    }

    /// Takes back what was kept of a run that could not be made.
    pub(crate) fn discard(self) {
        let _ = fs::remove_dir_all(&self.place.folder);
    }

    /// Writes the case and the report, and says what to do with them.
    pub(crate) fn finish(self, report: &Report) -> Result<()> {
        if report.outcome == Outcome::Interrupted {
            self.discard();
            printing::warning(
                "nothing was recorded: the run was interrupted, and no case ends there",
                "run it again, and let it end",
            );
            return Ok(());
        }
        let Place { folder, name, .. } = &self.place;
        let text = case::text(&self.place, &self.given, &self.copies);
        let write = |path: PathBuf, text: String| {
            fs::write(&path, text).with_context(|| format!("could not write `{}`", path.display()))
        };
        write(folder.join(format!("{name}.toml")), text)?;
        write(folder.join(case::REPORT), report.json() + "\n")?;
        let beside = self.place.beside();
        if fs::read_dir(&beside).is_ok_and(|mut entries| entries.next().is_none()) {
            let _ = fs::remove_dir(&beside);
        }
        if let Some((variable, path)) = copies::with_a_key(folder, &self.given)? {
            let path = path
                .strip_prefix(folder)
                .unwrap_or(&path)
                .display()
                .to_string();
            self.discard();
            printing::warning(
                format_args!(
                    "nothing was recorded: `{path}` would have had the key in the variable `{variable}`"
                ),
                "give the guest no key, and use a server that does not send its key back",
            );
            return Ok(());
        }
        printing::note(format_args!(
            "recorded in `{0}`: `cargo xtask test --from {0}` makes it a case",
            folder.display()
        ));
        Ok(())
    }
}
