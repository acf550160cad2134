//! `fractalaw run --record FOLDER`: keeps all that a run is given, and what came of it, as a case of `cargo xtask test`.
//!
//! The run is real: its folders, its database and its models are. Only its clock and its random numbers are those of a
//! deterministic run, which begins now and with a seed drawn by chance. They are recorded too, so the case repeats the
//! run.

// From the ground up.
mod place;
mod toml;

mod copies;
mod keys;
mod models;

mod case;

use std::fs;

use anyhow::{Context, Result};
use fractalaw_host::{Given, Outcome, Report, terminal};

use crate::printing;
use crate::usage::wrong;
use copies::Copies;
use keys::Keys;

pub(crate) use place::{Fixed, Place};

/// The interfaces whose answers have numbers of the ledger in them.
const NUMBERED: [&str; 2] = ["fractal:app/events-emit", "fractal:app/events-schedule"];

/// What was kept of a run before it began.
pub(crate) struct Record {
    place: Place,
    given: Given,
    copies: Copies,
    keys: Keys,
}

impl Record {
    /// Keeps what the run is given.
    pub(crate) fn begin(place: Place, given: Given, has_ledger: bool) -> Result<Record> {
        let is_numbered = |name: &String| NUMBERED.contains(&&**name);
        if has_ledger && given.interfaces.iter().any(is_numbered) {
            return Err(wrong(
                "a run that emits or schedules cannot be recorded with a ledger: the ids would be those of its ledger",
                "record it without `--ledger`",
            ));
        }
        place.is_outside(&given)?;
        place.make()?;
        let kept = keep(&place, &given);
        match kept {
            Ok((copies, keys)) => Ok(Record {
                place,
                given,
                copies,
                keys,
            }),
            Err(error) => {
                place.remove();
                Err(error)
            }
        }
    }

    /// Takes back what was kept of a run that could not be made.
    pub(crate) fn discard(self) {
        self.place.remove();
    }

    /// Writes the case and the report, and says what to do with them. The run is over, and its report comes whatever becomes
    /// of the record.
    pub(crate) fn finish(self, report: &Report) {
        if let Some((why, hint)) = unrepeatable(&report.outcome) {
            self.nothing(why, hint);
            return;
        }
        match self.write(report) {
            Err(error) => {
                let why = terminal::one_line(&format!("{error:#}"));
                self.nothing(&why, "make room for it, or record it in another place");
            }
            Ok(Some(found)) => self.nothing(&found, keys::HINT),
            Ok(None) => {
                let folder = self.place.shown();
                printing::note(format_args!(
                    "recorded in `{folder}`: `cargo xtask test --from {folder}` makes it a case"
                ));
                let variables = &self.given.grants.env;
                if !variables.is_empty() {
                    let names: Vec<_> = variables.iter().map(|(name, _)| &**name).collect();
                    let names = terminal::one_line(&names.join("`, `"));
                    printing::note(format_args!(
                        "it has the values of the variables that the guest was given: `{names}`"
                    ));
                }
            }
        }
    }

    /// Writes what is left to write. Returns where a key stands, if it stands somewhere.
    fn write(&self, report: &Report) -> Result<Option<String>> {
        let place = &self.place;
        let text = case::text(place, &self.given, &self.copies);
        let write = |path: std::path::PathBuf, text: String| {
            fs::write(&path, text).with_context(|| format!("could not write `{}`", path.display()))
        };
        write(place.folder.join(case::REPORT), report.json() + "\n")?;
        // The folder holds a case from here on.
        write(place.folder.join(format!("{}.toml", place.name)), text)?;
        let beside = place.beside();
        if fs::read_dir(&beside).is_ok_and(|mut entries| entries.next().is_none()) {
            let _ = fs::remove_dir(&beside);
        }
        self.keys.found(&place.folder)
    }

    fn nothing(&self, why: &str, hint: &str) {
        self.place.remove();
        printing::warning(format_args!("nothing was recorded: {why}"), hint);
    }
}

/// Copies what the run is given, and looks for keys in it.
fn keep(place: &Place, given: &Given) -> Result<(Copies, Keys)> {
    let copies = Copies::of(given, &place.beside())?;
    let keys = Keys::of(given)?;
    let text = case::text(place, given, &copies);
    let found = match keys.within(text.as_bytes()) {
        Some(variable) => Some(keys::stands("the case", variable)),
        None => keys.found(&place.folder)?,
    };
    match found {
        Some(found) => Err(wrong(found, keys::HINT)),
        None => Ok((copies, keys)),
    }
}

/// Why no case repeats a run that ended so, and what to do.
fn unrepeatable(outcome: &Outcome) -> Option<(&'static str, &'static str)> {
    match outcome {
        Outcome::Interrupted => Some((
            "the run was interrupted, and no case ends there",
            "run it again, and let it end",
        )),
        Outcome::DeadlineExceeded => Some((
            "the run ended by its deadline, and how far it comes until then depends on the machine",
            "give it more time with `--timeout`, or bound it with `--fuel`",
        )),
        Outcome::Refused(_) => Some((
            "the component was refused, and did not run",
            "grant what it asks for, and run again",
        )),
        _ => None,
    }
}
