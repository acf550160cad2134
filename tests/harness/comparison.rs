//! Compares the result of a case with its reviewed snapshots. Behaviour and cost are separate, so that a new
//! compiler changes only cost files. Beside the cost are the functions that it is made of.

use std::path::{Path, PathBuf};

use fractalaw_report::{COST_MODEL, FunctionMoved, Outcome};
use libtest_mimic::Failed;

use crate::case::Case;
use crate::flags::Writing;
use crate::functions;
use crate::listing::Rendered;
use crate::name::Name;
use crate::rendering::{self, Observed, Profiled};
use crate::reviewed;
use crate::snapshot::{self, Stored};
use crate::verdict::{Moved, Verdict};
use crate::whole::Wholes;

/// The reviewed snapshots, and what happens to those that differ.
pub(crate) struct Snapshots {
    /// The folder of the snapshots.
    pub(crate) folder: PathBuf,
    pub(crate) writing: Writing,
    /// Whether functions are compared with their snapshots even if the cost is unchanged.
    pub(crate) every_function: bool,
    pub(crate) wholes: Wholes,
}

/// A snapshot's file.
struct Kept {
    path: PathBuf,
    stored: Stored,
}

impl Kept {
    fn read(path: PathBuf) -> Kept {
        let stored = Stored::read(&path);
        Kept { path, stored }
    }
}

/// What a case gave, as texts, and its snapshots. Nothing is compared or written yet, so the harness does this while a guest
/// runs on another thread.
pub(crate) struct Prepared {
    new_behaviour: Rendered,
    new_cost: Rendered,
    behaviour: Kept,
    cost: Kept,
    parts: Kept,
    /// Whether the functions must be compared although the cost is unchanged.
    are_functions_due: bool,
}

impl Snapshots {
    /// Renders what the case gave, and reads its snapshots.
    pub(crate) fn prepare(&self, case: &Case, observed: &Observed) -> Prepared {
        let [behaviour, cost, parts] = case.name.snapshots(&self.folder).map(Kept::read);
        let new_cost = rendering::cost(&observed.report);
        let are_functions_due = self.are_functions_due(&parts, &new_cost, observed, &cost);
        Prepared {
            new_behaviour: rendering::behaviour(observed),
            new_cost,
            behaviour,
            cost,
            parts,
            are_functions_due,
        }
    }

    /// Compares, and writes what must be written.
    pub(crate) fn check(
        &self,
        case: &Case,
        observed: &Observed,
        prepared: &Prepared,
        profile: &dyn Fn() -> Profiled,
        verdict: &Verdict,
    ) -> Result<(), Failed> {
        let Prepared {
            new_behaviour,
            new_cost,
            behaviour,
            cost,
            parts,
            are_functions_due,
        } = prepared;
        let old_cost = &cost.stored;
        let behaves = self.compare(case.about(), behaviour, new_behaviour);
        let costs = self.compare(case.about(), cost, new_cost);
        let reviewed = old_cost.text().map(reviewed::cost).transpose();
        let costs = costs.map_err(|message| match &reviewed {
            Ok(Some(Some(old))) if old.model != COST_MODEL => format!(
                "`{}` was made under cost model {}, and this is {COST_MODEL}: the figures do not compare",
                self.shown(&cost.path),
                old.model
            ),
            Err(unreadable) => {
                let path = self.shown(&cost.path);
                format!("`{path}` is no cost: {unreadable}\n{message}")
            }
            _ => message,
        });
        let (parts, changes) = if costs.is_err() {
            self.which_moved(case.about(), parts, profile)
        } else if *are_functions_due {
            let functions = rendering::functions(&profile());
            let writing = match self.writing {
                // Only if the behaviour is as it was reviewed.
                Writing::Functions if behaves.is_ok() => Writing::Accept,
                writing => writing,
            };
            (
                self.compare_as(writing, case.about(), parts, &functions),
                Vec::new(),
            )
        } else {
            (self.passed(&parts.path), Vec::new())
        };
        if behaves.is_err() {
            verdict.behaviour_moved(&case.name);
        }
        if (costs.is_err() && *old_cost == Stored::Nothing) || (costs.is_ok() && parts.is_err()) {
            verdict.differs(&case.name);
        }
        if costs.is_err() && old_cost.text().is_some() {
            let before = reviewed.ok().flatten().flatten();
            verdict.cost_moved(Moved {
                case: case.name.clone(),
                before: before.map(|cost| cost.fuel),
                after: observed.report.fuel.repeatable(),
                functions: changes,
            });
        }
        let messages: Vec<_> = [parts, behaves, costs]
            .into_iter()
            .filter_map(Result::err)
            .collect();
        match messages.is_empty() {
            true => Ok(()),
            false => Err(Failed::from(messages.join("\n"))),
        }
    }

    /// Compares the story of a scenario.
    pub(crate) fn check_story(
        &self,
        name: &Name,
        about: &str,
        story: &Rendered,
    ) -> Result<(), Failed> {
        let kept = Kept::read(name.story(&self.folder));
        self.compare(about, &kept, story).map_err(Failed::from)
    }

    /// Whether the functions must be compared although the cost is unchanged. They sum to the cost, so a
    /// different sum shows without a profile that they are stale. If there is no profile because the component
    /// was refused, comparing costs nothing.
    fn are_functions_due(
        &self,
        parts: &Kept,
        new_cost: &Rendered,
        observed: &Observed,
        cost: &Kept,
    ) -> bool {
        let Some(text) = parts.stored.text() else {
            return true;
        };
        let fuel = observed.report.fuel.repeatable();
        let fits = reviewed::functions(text)
            .is_ok_and(|functions| functions.is_empty() || fuel == Some(functions.fuel()));
        self.every_function
            || matches!(self.writing, Writing::Accept | Writing::Functions)
            || cost.stored.text() != Some(new_cost.text())
            || matches!(observed.report.outcome, Outcome::Refused(_))
            || !fits
    }

    /// Says which functions moved the cost, and puts them beside the reviewed ones.
    fn which_moved(
        &self,
        about: &str,
        Kept { path, stored: old }: &Kept,
        profile: &dyn Fn() -> Profiled,
    ) -> (Result<(), String>, Vec<FunctionMoved>) {
        let profiled = profile();
        let text = rendering::functions(&profiled);
        let kept = match self.writing {
            _ if old.text() == Some(text.text()) => self.passed(path),
            Writing::Pending => self.put_beside(about, path, &text),
            _ => Ok(()),
        };
        if kept.is_err() {
            return (kept, Vec::new());
        }
        let Some(old) = old.text() else {
            return (Ok(()), Vec::new());
        };
        let old = match reviewed::functions(old) {
            Ok(functions) => functions,
            Err(unreadable) => {
                let path = self.shown(path);
                return (
                    Err(format!("`{path}` is no list of functions: {unreadable}")),
                    Vec::new(),
                );
            }
        };
        let moved = old.moved(&profiled.unwrap_or_default());
        let said = match moved.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "functions whose fuel moved:\n\n{}",
                functions::shown(&moved, 10)
            )),
        };
        (said, moved)
    }

    fn compare(&self, about: &str, kept: &Kept, new: &Rendered) -> Result<(), String> {
        self.compare_as(self.writing, about, kept, new)
    }

    fn compare_as(
        &self,
        writing: Writing,
        about: &str,
        Kept { path, stored: old }: &Kept,
        new: &Rendered,
    ) -> Result<(), String> {
        if writing == Writing::Accept {
            let accepted =
                snapshot::accept(path, about, new).and_then(|()| self.wholes.keep(path, new));
            return accepted.map_err(|error| format!("{error:#}"));
        }
        if old.text() == Some(new.text()) {
            self.wholes
                .keep(path, new)
                .map_err(|error| format!("{error:#}"))?;
            return self.passed(path);
        }
        if writing == Writing::Pending {
            self.put_beside(about, path, new)?;
        }
        let name = self.shown(path);
        Err(match old {
            Stored::Nothing => {
                format!(
                    "`{name}` does not exist yet; the case gave\n\n{}",
                    new.text()
                )
            }
            Stored::Unreadable(why) => {
                format!(
                    "`{name}` is no snapshot: {why}; the case gave\n\n{}",
                    new.text()
                )
            }
            Stored::Text(old) => format!(
                "`{name}` has changed: {about}\n\n{}",
                self.wholes.difference(path, old, new)
            ),
        })
    }

    fn put_beside(&self, about: &str, path: &Path, new: &Rendered) -> Result<(), String> {
        snapshot::put_beside(path, about, new).map_err(|error| format!("{error:#}"))
    }

    /// Nothing is left to review.
    fn passed(&self, path: &Path) -> Result<(), String> {
        snapshot::forget_pending(path).map_err(|error| format!("{error:#}"))
    }

    /// A snapshot's path as one would type it at the root of the workspace.
    fn shown(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.folder).unwrap_or(path);
        format!("tests/snapshots/{}", inside.display())
    }
}
