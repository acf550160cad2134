//! Compares a report with the case's reviewed snapshots: behaviour and cost, apart, so that a new
//! compiler touches only cost files; and beside the cost, which functions it is made of.
//!
//! insta keeps the files (pending ones beside them, reviewed with `cargo insta review`); whether
//! they are written is `INSTA_UPDATE`'s to say.

use std::cell::Cell;
use std::env;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

use fractalaw_host::{COST_MODEL, Report};
use libtest_mimic::Failed;
use similar::TextDiff;

use crate::case::Case;
use crate::functions::{self, Change, Functions};
use crate::inventory;
use crate::rendering;
use crate::verdict::{Moved, Verdict};

thread_local! {
    static COMPARING: Cell<bool> = const { Cell::new(false) };
}

/// Keeps insta's panics from being printed: `check` says the same in its own words.
pub(crate) fn silence_comparisons() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !COMPARING.get() {
            print(panic);
        }
    }));
}

/// Where the snapshots stand.
pub(crate) fn folder() -> PathBuf {
    inventory::tests().join("snapshots")
}

/// The files of a case, in the folder of its subject: what it did, what it cost, and where the cost went.
pub(crate) fn files(subject: &Path, stem: &str) -> [PathBuf; 3] {
    ["behaviour", "fuel", "functions"].map(|aspect| subject.join(format!("{stem}.{aspect}.snap")))
}

/// Compares, and writes what `INSTA_UPDATE` says is to be written.
pub(crate) fn check(
    case: &Case,
    report: &Report,
    profile: &dyn Fn() -> Profiled,
    verdict: &Verdict,
) -> Result<(), Failed> {
    let [behaviour, cost, parts] = files(&folder().join(&case.subject), &case.stem);
    let (new_behaviour, new_cost) = (rendering::behaviour(report), rendering::cost(report));
    let old_cost = contents(&cost);
    let behaves = compare(case, &behaviour, &new_behaviour);
    let costs = match old_cost.as_deref().and_then(rendering::cost_model_of) {
        Some(model) if model != COST_MODEL && !accepting() => Err(format!(
            "`tests/{}` was made under cost model {model}, and this is {COST_MODEL}: the figures do not compare",
            shown(&cost)
        )),
        _ => compare(case, &cost, &new_cost),
    };
    let moved = old_cost.as_deref() != Some(&new_cost);
    let is_missing = accepting() && !parts.exists();
    let (parts, changes) = if moved || is_missing || every_function() {
        check_functions(case, &parts, profile, costs.is_ok())
    } else {
        (Ok(()), Vec::new())
    };
    if behaves.is_err() {
        verdict.behaviour_moved(case.name());
    }
    if costs.is_err() && old_cost.is_none() {
        verdict.cost_is_new(case.name());
    }
    if let (Err(_), Some(old)) = (&costs, &old_cost) {
        verdict.cost_moved(Moved {
            case: case.name(),
            before: rendering::fuel_of(old),
            after: rendering::fuel_of(&new_cost),
            functions: changes,
        });
    }
    let messages: Vec<_> = [parts, behaves, costs]
        .into_iter()
        .filter_map(Result::err)
        .collect();
    if messages.is_empty() {
        Ok(())
    } else {
        Err(Failed::from(messages.join("\n")))
    }
}

/// What was reviewed of a case's cost.
pub(crate) fn reviewed_cost(case: &Case) -> Option<String> {
    let [_, cost, _] = files(&folder().join(&case.subject), &case.stem);
    contents(&cost)
}

/// What was reviewed of its behaviour.
pub(crate) fn reviewed_behaviour(case: &Case) -> Option<String> {
    let [behaviour, ..] = files(&folder().join(&case.subject), &case.stem);
    contents(&behaviour)
}

/// A case's profile, or why it has none.
pub(crate) type Profiled = Result<Functions, String>;

/// Holds the functions against those that were reviewed: where the cost moved, to say which moved it.
fn check_functions(
    case: &Case,
    path: &Path,
    profile: &dyn Fn() -> Profiled,
    cost_is_accepted: bool,
) -> (Result<(), String>, Vec<Change>) {
    let (new, text) = match profile() {
        Ok(functions) => {
            let text = functions::text(&functions);
            (functions, text)
        }
        Err(reason) => (Functions::new(), format!("no profile: {reason}\n")),
    };
    let old = contents(path);
    if cost_is_accepted {
        return (compare(case, path, &text), Vec::new());
    }
    let changes = functions::changes(&functions::parse(old.as_deref().unwrap_or_default()), &new);
    let said = match old {
        Some(_) if !changes.is_empty() => Err(format!(
            "functions whose fuel moved:\n\n{}",
            functions::shown(&changes, 10)
        )),
        _ => Ok(()),
    };
    (said, changes)
}

/// Whether functions are held against their snapshots although the cost is as it was.
fn every_function() -> bool {
    env::var_os("FRACTALAW_EVERY_FUNCTION").is_some()
}

/// The text of a snapshot file, past its header.
fn contents(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let (_, contents) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
    Some(contents.to_owned())
}

/// A snapshot's path below `tests/`.
fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(inventory::tests())
        .unwrap_or(path)
        .display()
}

/// Whether what differs is written over what was reviewed.
fn accepting() -> bool {
    env::var("INSTA_UPDATE").is_ok_and(|update| update == "always")
}

fn compare(case: &Case, path: &Path, new: &str) -> Result<(), String> {
    let old = contents(path);
    if old.as_deref() == Some(new) {
        // insta would say the same, after listing the folder for what an earlier run left pending: with a
        // thousand cases of one guest, that is most of the time.
        let _ = fs::remove_file(path.with_extension("snap.new"));
        return Ok(());
    }
    // insta panics where a snapshot differs and is not to be accepted.
    COMPARING.set(true);
    let accepted = panic::catch_unwind(|| assert(case, path, new)).is_ok();
    COMPARING.set(false);
    if accepted {
        return Ok(());
    }
    let name = shown(path);
    Err(match old {
        None => format!(
            "`tests/{name}` does not exist yet; the case gave\n\n{new}\n\
             hint: read it, then accept it with `cargo xtask test {} --accept`",
            case.name()
        ),
        Some(old) => {
            let diff = TextDiff::from_lines(old.as_str(), new);
            let diff = diff
                .unified_diff()
                .context_radius(2)
                .header("reviewed", "now")
                .to_string();
            format!("`tests/{name}` has changed: {}\n\n{diff}", case.about())
        }
    })
}

fn assert(case: &Case, path: &Path, new: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(case.about());
    settings.set_snapshot_path(path.parent().expect("a snapshot stands in a folder"));
    let name = path
        .file_stem()
        .expect("a snapshot has a name")
        .to_string_lossy()
        .into_owned();
    settings.bind(|| insta::assert_snapshot!(name, new));
}
