//! `cargo xtask test`: compares every guest's report with its snapshots, and runs the host's own tests.

mod guest_tests;
mod taken;

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::adbc;
use crate::build_guests;
use crate::cargo::{
    ADBC, COMPOSE, LEDGER, MODELS, NATS, REGISTRY, XTASK, cargo, host as packages, shell, step,
};
use crate::cargo_test::{arguments, run_tests, without_verdicts};
use crate::cases::asked::{Asked, is_scenario};
use crate::cases::harness::{Snapshots, cases};
use crate::cases::names::Cases;
use crate::coverage;
use crate::drivers;
use crate::fault::{FAILED, Fault, USAGE};
use crate::flags;
use crate::guest::Guest;
use crate::in_ci;
use crate::ledger;
use crate::models;
use crate::programs::program;
use crate::project::Project;
use crate::servers;
use crate::totals::Totals;
use guest_tests::Tests;

/// Runs the command. The last line on standard output is the total of all tests.
pub(crate) fn run(project: &Project, flags: &flags::Test) -> Result<ExitCode> {
    if flags.review {
        in_ci::writes_nothing("cargo xtask test --review")?;
        return review(project, flags);
    }
    if let Some(folder) = &flags.from {
        in_ci::writes_nothing("cargo xtask test --from")?;
        return taken::take(project, folder, |asked| accept(project, flags, asked));
    }
    if flags.coverage {
        let asked = match asked(project, &flags.names)? {
            Asked::Text(text) => Asked::Cases(Cases::find(project).containing(&text)?),
            asked => asked,
        };
        return coverage::run(project, &asked);
    }
    if flags.accept {
        in_ci::writes_nothing("cargo xtask test --accept")?;
        let asked = accepted(project, flags)?;
        build_guests::attempt(project, &asked.guests(project)?)?.check()?;
        return accept(project, flags, &asked);
    }
    // Outside of CI, what differs is kept beside its snapshot for review.
    let snapshots = match in_ci::is_here() {
        true => Snapshots::Never,
        false => Snapshots::Pending,
    };
    verify(project, flags, snapshots)
}

/// Writes the snapshots of these cases.
fn accept(project: &Project, flags: &flags::Test, asked: &Asked) -> Result<ExitCode> {
    let shell = shell(project)?;
    let mut totals = Totals::default();
    let command = cases(project, &shell, Snapshots::Accept, asked, &flags.rest);
    let good = run_tests(command, &mut totals)?;
    end(project, flags, asked, good, totals)
}

/// What the names of a command line mean.
pub(crate) fn asked(project: &Project, names: &[String]) -> Result<Asked> {
    let known = Cases::find(project);
    let is_known = |name: &str| known.has(name) || is_scenario(project, name);
    let names = &tested_by(project, names)?[..];
    match names {
        [] => Ok(Asked::Everything),
        [name] if !is_known(name) => Ok(Asked::Text(name.clone())),
        names => match names.iter().find(|name| !is_known(name)) {
            Some(name) => Err(known.unknown("case, guest or group", name).into()),
            None => Ok(Asked::Cases(names.to_vec())),
        },
    }
}

/// A part has no cases of its own: those of the guests that are composed of it test it.
fn tested_by(project: &Project, names: &[String]) -> Result<Vec<String>> {
    let mut tested = Vec::new();
    for name in names {
        match Guest::read(project, name) {
            Ok(guest) if guest.build.part => {
                let users = build_guests::users(project, name)?;
                // Without a name, all cases would be meant.
                if users.is_empty() {
                    let what = format!("no case tests `{name}`: no guest is composed of this part");
                    return Err(Fault::new(USAGE, what)
                        .hint("name it in `compose` of a guest that has cases")
                        .into());
                }
                tested.extend(users);
            }
            _ => tested.push(name.clone()),
        }
    }
    Ok(tested)
}

/// Only whole names may be accepted. A part of a name could accept more than was meant.
fn accepted(project: &Project, flags: &flags::Test) -> Result<Asked> {
    match asked(project, &flags.names)? {
        Asked::Text(name) => Err(Cases::find(project)
            .unknown("case, guest or group", &name)
            .into()),
        asked => Ok(asked),
    }
}

/// The tests of a package that are asked for. With a `/`, only cases are meant.
fn tests(asked: &Asked, package: &str) -> Tests {
    match asked {
        Asked::Everything => Tests::All,
        Asked::Cases(names) if names.iter().any(|name| name == package) => Tests::All,
        Asked::Cases(_) => Tests::Nothing,
        Asked::Text(text) if text.contains('/') => Tests::Nothing,
        Asked::Text(text) if package.contains(text) => Tests::All,
        Asked::Text(text) => Tests::With(text.clone()),
    }
}

/// Runs all tests and accepts nothing. The cases come last, so that the changes are at the end of the output.
pub(crate) fn verify(
    project: &Project,
    flags: &flags::Test,
    snapshots: Snapshots,
) -> Result<ExitCode> {
    let asked = asked(project, &flags.names)?;
    // A guest that cannot be built makes the command fail, but everything else is tested.
    let mut guests = build_guests::attempt(project, &asked.guests(project)?)?;
    // On a machine without the tools of a language, everything else is tested. CI has all tools, so there it fails.
    let skipped = match in_ci::is_here() {
        true => Vec::new(),
        false => guests.take_those_without_tools(),
    };
    let shell = shell(project)?;
    let mut totals = Totals::default();
    let mut good = true;
    let text = match &asked {
        Asked::Text(text) => Some(&**text),
        Asked::Everything | Asked::Cases(_) => None,
    };
    // Only tests of the harness have a `/` in their name, so for these alone nothing else needs to start.
    let only_cases =
        matches!(asked, Asked::Cases(_)) || text.is_some_and(|text| text.contains('/'));
    if !only_cases {
        if flags.all && project.is_ours() {
            drivers::run(project)?;
            models::get(project)?;
            models::build(project)?;
            servers::run(project)?;
            registry(project)?;
            // A test of `fractalaw` reads its help.
            ledger::build(project)?;
        }
        // Without drivers, the tests that need the program say that they are skipped.
        if project.is_ours() && drivers::any(project) {
            adbc::build(project)?;
        }
        let host = cargo(&shell, "test").args(packages(project));
        let host = without_verdicts(host).env("FRACTALAW_GUESTS", project.outputs());
        let host = host.args(["--lib", "--bins"]);
        let host = match project.has_integration_tests() {
            true => host.args(["--test", "it"]),
            false => host,
        };
        // The fuzzing corpus and seeds take as long as everything else together.
        let host = match flags.all {
            true => host.env("FRACTALAW_TEST_EVERY_CASE", "1"),
            false => host,
        };
        let host = host.args(
            (flags.all && project.is_ours())
                .then_some(["--test", "inputs"])
                .into_iter()
                .flatten(),
        );
        good &= run_tests(arguments(host, text, &flags.rest), &mut totals)?;
    }
    if flags.all && !only_cases {
        let docs = cargo(&shell, "test").args(packages(project)).arg("--doc");
        let groups: &[&[&str]] = match project.is_ours() {
            true => &[&XTASK, &COMPOSE, &LEDGER, &ADBC, &MODELS, &NATS, &REGISTRY],
            false => &[],
        };
        let groups = groups
            .iter()
            .map(|group| cargo(&shell, "test").args(*group));
        for command in [docs].into_iter().chain(groups) {
            let command = without_verdicts(command);
            good &= run_tests(arguments(command, text, &flags.rest), &mut totals)?;
        }
    }
    let own = |package: &str| match guests.failed().any(|failed| failed == package) {
        true => Tests::Nothing,
        // A part whose users' cases run.
        false if flags.names.iter().any(|name| name == package) => Tests::All,
        false => tests(&asked, package),
    };
    good &= guest_tests::run(project, &shell, own, &flags.rest, &mut totals)?;
    let mut rest = flags.rest.clone();
    if flags.all {
        rest.push("--every-function".to_owned());
    }
    for failed in guests.failed() {
        rest.extend(["--stale".to_owned(), failed.to_owned()]);
    }
    for (name, _) in &skipped {
        rest.extend(["--without".to_owned(), name.clone()]);
    }
    let command = cases(project, &shell, snapshots, &asked, &rest);
    good &= run_tests(command, &mut totals)?;
    for (_, why) in &skipped {
        eprintln!("SKIPPED {why}");
    }
    let ended = end(project, flags, &asked, good, totals)?;
    guests.check()?;
    Ok(ended)
}

/// Builds the program that signs components and moves them, so that tests of `fractalaw` find it.
fn registry(project: &Project) -> Result<()> {
    program(
        project,
        &REGISTRY,
        "fractalaw-registry",
        "the program that signs components and moves them",
        "this compiles TLS and takes a minute, once",
    )?;
    Ok(())
}

fn end(
    project: &Project,
    flags: &flags::Test,
    asked: &Asked,
    good: bool,
    totals: Totals,
) -> Result<ExitCode> {
    println!("{} passed, {} failed", totals.passed, totals.failed);
    if !good {
        return Ok(ExitCode::from(FAILED));
    }
    match asked {
        // No test fails if none runs, but a mistyped name must not look like success.
        Asked::Text(text) if totals.nothing_matched() => {
            Err(Cases::find(project).unknown("test", text).into())
        }
        _ if totals.is_empty() && flags.rest.is_empty() => {
            Err(Fault::new(FAILED, "no test has run, though there are some")
                .hint("look for a `runner` of test binaries in cargo's configuration and in `CARGO_TARGET_…_RUNNER`")
                .into())
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn review(project: &Project, flags: &flags::Test) -> Result<ExitCode> {
    let asked = accepted(project, flags)?;
    let shell = &shell(project)?;
    let installed = cargo(shell, "insta")
        .arg("--version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr();
    if installed.run().is_err() {
        return Err(Fault::new(
            FAILED,
            "`cargo insta` is not installed, so there is nothing to review with",
        )
        .hint("run `cargo install cargo-insta`")
        .into());
    }
    build_guests::attempt(project, &asked.guests(project)?)?.check()?;
    // Whether the cases pass does not matter here, because the differences are what is reviewed.
    run_tests(
        cases(project, shell, Snapshots::Pending, &asked, &flags.rest),
        &mut Totals::default(),
    )
    .context("cannot run the cases")?;
    let review = cargo(shell, "insta")
        .args(["review", "--workspace-root"])
        .arg(&project.root)
        .env_remove("INSTA_PENDING_DIR");
    step(
        "review",
        "run `git status` to see what was accepted so far",
        review,
    )?;
    // Functions are not reviewed. They belong to a cost, and follow it if it was accepted.
    let follow = cases(project, shell, Snapshots::Functions, &asked, &[]);
    let status = Command::from(follow).stdout(Stdio::null()).status();
    status.context("cannot run the cases")?;
    Ok(ExitCode::SUCCESS)
}
