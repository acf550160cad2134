//! Runs every case through the host and compares its report with its snapshots.
//!
//! A package of tests is one line: `fractalaw_tests::main(env!("CARGO_MANIFEST_DIR"), offers)`, in a test target with
//! `harness = false`.
//!
//! This is a test harness of its own, which speaks libtest's protocol. So filters, `--list` and cargo-nextest
//! work as with any test. From a case file to a verdict:
//!
//! - `flags`: the command line, which alone says what to do;
//! - `name`: the name of a case, and everything that is named after it;
//! - `case`: a file in `cases/` or `fixtures/` becomes a run, `granted` its folders, `data` its database, `ai` its models, and
//!   `trigger` what started it;
//! - `inventory`: finds guests, cases and snapshots, and checks that each has the others;
//! - `misplaced`: finds files in the wrong place, and `unread` those that no case names;
//! - `scribbler`: the hostile guest of a workspace that has none;
//! - `freshness`: makes sure that components are built from the current sources;
//! - `lab`: runs the case three times, in a fresh slot, in a used one and beside others, under the policy in
//!   `policy.toml`;
//! - `alike`: whether what the runs gave is the same;
//! - `scenario`: plays several micro-apps that react to each other, by a clock of its own, with crashes;
//! - `rendering`: turns the result into two texts, behaviour and cost, and `listing` makes sure that no byte is
//!   lost;
//! - `comparison`: compares these with the reviewed snapshots, which `snapshot` has insta read and write;
//! - `reviewed`: reads the figures in a committed snapshot;
//! - `whole`: keeps what a snapshot only has as a digest, so that a difference can be shown;
//! - `functions`: if the cost moved, says in which functions;
//! - `record`: if costs are only to be shown, writes them down and compares nothing;
//! - `verdict`: collects what moved in one table, with the command that accepts it.
//!
//! `own_tests` are the tests of the harness itself.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod ai;
mod alike;
mod case;
mod comparison;
mod data;
mod flags;
mod freshness;
mod functions;
mod granted;
mod inventory;
mod lab;
mod listing;
mod misplaced;
mod name;
mod own_tests;
mod parts;
mod record;
mod regular;
mod rendering;
mod reviewed;
mod scenario;
mod scribbler;
mod snapshot;
mod trigger;
mod unread;
mod verdict;
mod whole;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use fractalaw_host::capability::Offers;
use fractalaw_report::FunctionsUsed;
use libtest_mimic::{Failed, Trial};

use crate::case::Case;
use crate::comparison::Snapshots;
use crate::flags::Flags;
use crate::freshness::Guests;
use crate::inventory::Inventory;
use crate::lab::Lab;
use crate::name::Name;
use crate::record::Records;
use crate::rendering::Observed;
use crate::scenario::Scenario;
use crate::verdict::Verdict;
use crate::whole::Wholes;

/// A package of tests.
struct Package<'a> {
    /// Its folder, with the cases and their snapshots.
    tests: &'a Path,
    /// What its hosts offer beside data, models and events.
    offers: Offers,
    /// Whether the harness tests itself too.
    has_own_tests: bool,
}

/// Does what the command line says with the cases in the folder `tests`, and returns the exit code. Hosts offer data, models
/// and events, and what `offers` adds.
pub fn main(tests: impl AsRef<Path>, offers: Offers) -> ExitCode {
    ended(&Package {
        tests: tests.as_ref(),
        offers,
        has_own_tests: false,
    })
}

/// The same for the repository of the harness, with the tests of the harness itself.
#[doc(hidden)]
pub fn main_with_own_tests(tests: impl AsRef<Path>) -> ExitCode {
    ended(&Package {
        tests: tests.as_ref(),
        offers: Vec::new,
        has_own_tests: true,
    })
}

fn ended(package: &Package<'_>) -> ExitCode {
    match run(package, &Flags::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(package: &Package<'_>, flags: &Flags) -> Result<ExitCode> {
    snapshot::get_ready(flags.snapshots)?;
    let tests = flags.tests.as_deref().unwrap_or(package.tests);
    let inventory = Inventory::read(tests)?;
    let lab = Arc::new(Lab::new(
        &inventory,
        guests(flags, &inventory)?,
        package.offers,
    ));
    let mut trials = match &flags.record {
        None if flags.only.is_empty() => own_trials(package, &inventory, flags.guests.clone())?,
        _ => Vec::new(),
    };
    let is_meant = |name: &Name| {
        let is_one_of = |names: &[String]| names.iter().any(|asked| name.is_meant_by(asked));
        (flags.only.is_empty() || is_one_of(&flags.only)) && !is_one_of(&flags.without)
    };
    for (name, problem) in &inventory.broken {
        if is_meant(name) {
            let problem = problem.clone();
            trials.push(Trial::test(name.to_string(), || Err(Failed::from(problem))));
        }
    }
    let snapshots = inventory.snapshots();
    let all: BTreeSet<Name> = inventory.names().cloned().collect();
    let asked = all.iter().filter(|name| {
        let trial = Trial::test(name.to_string(), || Ok(()));
        is_meant(name) && !flags.test.is_filtered_out(&trial)
    });
    let verdict = Arc::new(Verdict::new(all.clone(), asked.cloned().collect()));
    let records = flags.record.as_ref().map(|folder| Records {
        folder: folder.clone(),
        profiles: flags.profiles,
        coverage: flags.coverage,
        snapshots: snapshots.clone(),
    });
    let snapshots = Arc::new(Snapshots {
        folder: snapshots,
        writing: flags.snapshots,
        every_function: flags.every_function,
        wholes: Wholes::new(inventory.target.join("whole-snapshots")),
    });
    let records = records.map(Arc::new);
    for case in inventory.cases {
        if is_meant(&case.name) {
            let (name, missing) = (case.name.to_string(), case.missing());
            let trial = match &records {
                Some(records) => recording(case, &lab, records),
                None => trial(case, &lab, &snapshots, &verdict),
            };
            let trial = trial.with_ignored_flag(missing.is_some());
            if let Some(why) = missing.filter(|_| !flags.test.list)
                && !flags.test.is_filtered_out(&trial)
            {
                eprintln!("SKIPPED {name}: {why}");
            }
            trials.push(trial);
        }
    }
    if records.is_none() {
        let meant = (inventory.scenarios.into_iter()).filter(|scenario| is_meant(&scenario.name));
        trials.extend(meant.map(|scenario| playing(scenario, &lab, &snapshots)));
    }
    let conclusion = libtest_mimic::run(&flags.test, trials);
    verdict.print();
    if let Some(file) = &flags.time_in_runs {
        let nanos = lab.in_runs().as_nanos().to_string();
        fs::write(file, nanos).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    Ok(conclusion.exit_code())
}

fn guests(flags: &Flags, inventory: &Inventory) -> Result<Guests> {
    Ok(match &flags.guests {
        Some(folder) => Guests::known(folder.clone(), &flags.stale),
        None => {
            let workspace = inventory.tests.parent();
            let workspace = workspace.context("`tests/` stands in the workspace")?;
            Guests::of_workspace(workspace, &inventory.target)
        }
    })
}

/// The tests that are not about one case.
fn own_trials(
    package: &Package<'_>,
    inventory: &Inventory,
    guests: Option<PathBuf>,
) -> Result<Vec<Trial>> {
    let mut trials = inventory.checks()?;
    if package.has_own_tests {
        trials.extend(own_tests::trials(guests));
    }
    Ok(trials)
}

fn recording(case: Case, lab: &Arc<Lab>, records: &Arc<Records>) -> Trial {
    let (lab, records) = (Arc::clone(lab), Arc::clone(records));
    Trial::test(case.name.to_string(), move || {
        records.write(&case, &lab).map_err(failed)
    })
}

fn trial(case: Case, lab: &Arc<Lab>, snapshots: &Arc<Snapshots>, verdict: &Arc<Verdict>) -> Trial {
    let (lab, verdict) = (Arc::clone(lab), Arc::clone(verdict));
    let snapshots = Arc::clone(snapshots);
    Trial::test(case.name.to_string(), move || {
        let prepare = |observed: &Observed| snapshots.prepare(&case, observed);
        let (observed, prepared) = lab.run(&case, prepare).map_err(failed)?;
        let profile = || match lab.profile(&case) {
            Ok(Ok(profile)) => Ok(FunctionsUsed::of(&profile.functions)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(format!("{error:#}")),
        };
        snapshots.check(&case, &observed, &prepared, &profile, &verdict)
    })
}

fn playing(scenario: Scenario, lab: &Arc<Lab>, snapshots: &Arc<Snapshots>) -> Trial {
    let (lab, snapshots) = (Arc::clone(lab), Arc::clone(snapshots));
    Trial::test(scenario.name.to_string(), move || {
        let story = lab.play(&scenario).map_err(failed)?;
        snapshots.check_story(&scenario.name, scenario.about(), &story)
    })
}

fn failed(error: anyhow::Error) -> Failed {
    Failed::from(format!("{error:#}"))
}
