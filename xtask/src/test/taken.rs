//! `cargo xtask test --from FOLDER`: a run that `fractalaw run --record FOLDER` recorded becomes a case of its guest.
//!
//! The case is taken only if it does what the recorded run did, to the unit of fuel.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use fractalaw_report::Report;
use serde_json::{Map, Value};

use crate::build_guests;
use crate::cases::asked::Asked;
use crate::cases::recording::{Wanted, record};
use crate::cases::records;
use crate::children;
use crate::digest;
use crate::fault::{FAILED, Fault, USAGE};
use crate::project::Project;

/// What a recorded run is, as `host/cli/src/record/case.rs` writes it.
const REPORT: &str = "report.json";

/// Copies the case of this folder to its guest, holds what it does against the recorded report, and has its snapshots written:
/// `accept` says whether that went well. If anything else happens, a signal such as Ctrl-C included, nothing of the case is left.
pub(super) fn take(
    project: &Project,
    folder: &Path,
    accept: impl FnOnce(&Asked) -> Result<ExitCode>,
) -> Result<ExitCode> {
    let name = name(folder)?;
    let report = report(folder)?;
    let guest = guest(project, &report)?;
    let new = New::of(project, &guest, &name);
    for path in [&new.case, &new.beside] {
        if path.exists() {
            let shown = path.strip_prefix(&project.root).unwrap_or(path).display();
            return Err(Fault::new(USAGE, format!("`{shown}` exists"))
                .hint("record the run in a folder of another name, or remove the case")
                .into());
        }
    }
    let asked = Asked::Cases(vec![format!("{guest}/{name}")]);
    build_guests::attempt(project, &asked.guests(project)?)?.check()?;
    is_built(project, &guest, &report)?;
    let told = new.clone();
    let copied = || {
        copy(&folder.join(format!("{name}.toml")), &new.case)
            .and_then(|()| copy(&folder.join(&name), &new.beside))
    };
    let (copied, _undo) = children::undone_if_told(move || told.remove(), copied)
        .context("cannot listen for signals")?;
    let taken = copied
        .and_then(|()| hold(project, &asked, &report))
        .and_then(|()| accept(&asked));
    if !matches!(taken, Ok(ExitCode::SUCCESS)) {
        new.remove();
    }
    taken
}

/// The files of a new case.
#[derive(Clone)]
struct New {
    name: String,
    case: PathBuf,
    beside: PathBuf,
    snapshots: PathBuf,
}

impl New {
    fn of(project: &Project, guest: &str, name: &str) -> New {
        let tests = project.root.join("tests");
        let cases = tests.join("cases").join(guest);
        New {
            name: name.to_owned(),
            case: cases.join(format!("{name}.toml")),
            beside: cases.join(name),
            snapshots: tests.join("snapshots").join(guest),
        }
    }

    /// What cannot be removed is reported by the next `cargo xtask test`.
    fn remove(&self) {
        let _ = fs::remove_file(&self.case);
        let _ = fs::remove_dir_all(&self.beside);
        let snapshots = fs::read_dir(&self.snapshots).into_iter().flatten();
        for snapshot in snapshots.flatten().map(|entry| entry.path()) {
            let file = snapshot.file_name().unwrap_or_default().to_string_lossy();
            if file.split('.').next() == Some(&self.name) {
                let _ = fs::remove_file(&snapshot);
            }
        }
        // Folders of other cases are not empty.
        for folder in [self.case.parent(), Some(&*self.snapshots)] {
            let _ = folder.map(fs::remove_dir);
        }
    }
}

fn unfit(folder: &Path, what: &str) -> anyhow::Error {
    Fault::new(USAGE, format!("`{}` {what}", folder.display()))
        .hint("name a folder that `fractalaw run --record FOLDER` made")
        .into()
}

/// The name of the case: that of the only case in the folder.
fn name(folder: &Path) -> Result<String> {
    let entries =
        fs::read_dir(folder).map_err(|error| unfit(folder, &format!("cannot be read: {error}")))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.context("cannot list the folder")?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            names.extend(path.file_stem().map(|stem| stem.display().to_string()));
        }
    }
    match names.len() {
        1 => Ok(names.remove(0)),
        0 => Err(unfit(
            folder,
            "has no case: no run was recorded there to its end",
        )),
        count => Err(unfit(folder, &format!("has {count} cases, expected one"))),
    }
}

fn report(folder: &Path) -> Result<Report> {
    let file = folder.join(REPORT);
    is_readable(&file)?;
    let text = fs::read_to_string(file)
        .map_err(|error| unfit(folder, &format!("has no `{REPORT}`: {error}")))?;
    Report::from_json(&text)
        .map_err(|error| unfit(folder, &format!("has no report in `{REPORT}`: {error}")))
}

/// The guest of this workspace that ran.
fn guest(project: &Project, report: &Report) -> Result<String> {
    let app = report.app.as_ref().and_then(|app| app.name.as_deref());
    let name = app.unwrap_or("without a name");
    match project.guests()?.iter().any(|guest| guest == name) {
        true => Ok(name.to_owned()),
        false => Err(Fault::new(
            USAGE,
            format!("the run is one of `{name}`, which is no guest of this workspace"),
        )
        .hint("record a run of a component in `target/guests/`")
        .into()),
    }
}

/// The component that ran is the one that the sources give now.
fn is_built(project: &Project, guest: &str, report: &Report) -> Result<()> {
    let built = digest::file(&project.component(guest))?;
    let ran = report.app.as_ref().map(|app| &*app.digest);
    match ran == Some(&*built) {
        true => Ok(()),
        false => Err(Fault::new(
            FAILED,
            format!("the recorded run is one of another build of `{guest}`"),
        )
        .hint(format!(
            "record it again, with `target/guests/{guest}.wasm` as it is now"
        ))
        .into()),
    }
}

/// Refuses what is neither a file nor a folder, such as a pipe: reading it may have no end. What does not exist is no concern
/// here.
fn is_readable(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path).map(|metadata| metadata.file_type()) {
        Ok(kind) if kind.is_symlink() => Err(unfit(path, "is a link")),
        Ok(kind) if !kind.is_file() && !kind.is_dir() => Err(unfit(path, "is no file")),
        _ => Ok(()),
    }
}

/// Copies a file, or a folder with all that is in it. What does not exist is not copied.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy `{}`", from.display());
    is_readable(from)?;
    if from.is_dir() {
        for entry in fs::read_dir(from).with_context(context)? {
            let entry = entry.with_context(context)?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if from.exists() {
        let folder: PathBuf = to.parent().unwrap_or(to).to_owned();
        fs::create_dir_all(&folder)
            .and_then(|()| fs::copy(from, to))
            .with_context(context)?;
    }
    Ok(())
}

/// Runs the case, and compares.
fn hold(project: &Project, asked: &Asked, recorded: &Report) -> Result<()> {
    let folder = record(
        project,
        &Wanted {
            guests: &project.outputs(),
            cases: asked.clone(),
            profiles: false,
            coverage: false,
            name: "from",
        },
    )?;
    let mut records = records::read(&folder)?;
    let ran = records.pop().context("the case has a record")?;
    let moved = moved(recorded, &ran.report)?;
    match moved.is_empty() {
        true => Ok(()),
        false => Err(Fault::new(
            FAILED,
            format!("the case does not repeat the recorded run: {}", moved.join(", ")),
        )
        .hint(
            "record it again: something changed what the run read while it was recorded, or `tests/policy.toml` grants less",
        )
        .into()),
    }
}

/// The parts of the report that differ, in words. What a run was given, and how long it took, is not compared.
fn moved(recorded: &Report, ran: &Report) -> Result<Vec<String>> {
    let (before, after) = (fields(recorded)?, fields(ran)?);
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differs = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    let mut moved: Vec<_> = differs.map(|name| format!("`{name}` differs")).collect();
    let (was, is) = (recorded.fuel.consumed(), ran.fuel.consumed());
    if was != is {
        moved.push(format!("the fuel is {is}, and was {was}"));
    }
    Ok(moved)
}

/// The report as JSON, without what its case says and what no run repeats.
fn fields(report: &Report) -> Result<Map<String, Value>> {
    let mut report = report.clone();
    report.trace = None;
    // That answers were replayed is an effect, and the recorded run may have asked for them.
    report
        .effects
        .retain(|effect| (&*effect.capability, &*effect.kind) != ("ai", "replay"));
    let Value::Object(mut fields) = serde_json::to_value(&report)? else {
        return Ok(Map::new());
    };
    for given in ["limits", "grants", "durations_us"] {
        fields.remove(given);
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{copy, name, report};

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_neither_read_nor_copied() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let hint = "hint: name a folder that `fractalaw run --record FOLDER` made";
        fs::create_dir(folder.join("case")).unwrap();
        let to = folder.join("to");
        let pipe = |file: &str| {
            let path = folder.join(file);
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            assert!(made.unwrap().success());
            format!("`{}` is no file\n{hint}", path.display())
        };
        let expected = pipe("report.json");
        assert_eq!(report(folder).unwrap_err().to_string(), expected);
        copy(&folder.join("case"), &to).unwrap();
        let expected = pipe("case/input");
        let refused = copy(&folder.join("case"), &to).unwrap_err();
        assert_eq!(refused.to_string(), expected);
        assert!(!to.exists());
    }

    #[test]
    fn a_folder_has_one_case() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let shown = folder.display();
        let said = || name(folder).map_err(|error| error.to_string());
        let hint = "hint: name a folder that `fractalaw run --record FOLDER` made";
        let unfit = |why: &str| Err(format!("`{shown}` {why}\n{hint}"));
        let none = "has no case: no run was recorded there to its end";
        assert_eq!(said(), unfit(none));
        fs::write(folder.join("first-day.toml"), "").unwrap();
        fs::write(folder.join("report.json"), "").unwrap();
        assert_eq!(said(), Ok("first-day".to_owned()));
        fs::write(folder.join("second-day.toml"), "").unwrap();
        assert_eq!(said(), unfit("has 2 cases, expected one"));
    }
}
