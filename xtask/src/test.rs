//! `cargo xtask test`: every guest's report against its snapshots, and the host's own tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use xshell::{Cmd, Shell};

use crate::build_guests;
use crate::fault::{FAILED, Fault, USAGE, nearest};
use crate::flags;
use crate::in_ci;
use crate::project::Project;
use crate::workspace_cargo::{HOST, LEDGER, Totals, XTASK, cargo, colour, run_tests, shell, step};

/// For `INSTA_UPDATE`: no file is written, whatever differs.
pub(crate) const NEVER: &str = "no";

/// The command. The last line on standard output is the total of all tests.
pub(crate) fn run(project: &Project, flags: &flags::Test) -> Result<ExitCode> {
    if flags.review {
        in_ci::writes_nothing("cargo xtask test --review")?;
        return review(project, flags);
    }
    if flags.accept {
        in_ci::writes_nothing("cargo xtask test --accept")?;
        build_guests::ensure(project, &[])?;
        let shell = shell(project)?;
        let mut totals = Totals::default();
        let filter = flags.filter.as_deref();
        // Also the functions of a case whose cost is as it was, of which CI says when they are not.
        let command = cases(project, &shell, "always", filter, &flags.rest)
            .env("FRACTALAW_EVERY_FUNCTION", "1");
        let good = run_tests(command, &mut totals)?;
        return end(project, filter, good, totals);
    }
    // Elsewhere than in CI, what differs is kept beside its snapshot for review.
    let update = if in_ci::is_here() { NEVER } else { "new" };
    verify(project, flags, update)
}

/// All tests, with nothing accepted. The cases come last, so that what moved is the last thing read.
pub(crate) fn verify(project: &Project, flags: &flags::Test, update: &str) -> Result<ExitCode> {
    build_guests::ensure(project, &[])?;
    let shell = shell(project)?;
    let mut totals = Totals::default();
    let filter = flags.filter.as_deref();
    let mut good = true;
    // Only cases have a `/` in their name: for them alone nothing else need start.
    if !filter.is_some_and(|filter| filter.contains('/')) {
        let host = with_guests(project, cargo(&shell, "test").args(HOST), update);
        let host = host.args(["--lib", "--bins", "--test", "it"]);
        // What fuzzing has found and what it begins with takes as long as all else.
        let host = host.args(
            flags
                .all
                .then_some(["--test", "inputs"])
                .into_iter()
                .flatten(),
        );
        good &= run_tests(arguments(host, filter, &flags.rest), &mut totals)?;
    }
    if flags.all {
        for command in [
            cargo(&shell, "test").args(HOST).arg("--doc"),
            cargo(&shell, "test").args(XTASK),
            cargo(&shell, "test").args(LEDGER),
        ] {
            good &= run_tests(arguments(command, filter, &flags.rest), &mut totals)?;
        }
    }
    let mut cases = cases(project, &shell, update, filter, &flags.rest);
    if flags.all {
        cases = cases.env("FRACTALAW_EVERY_FUNCTION", "1");
    }
    good &= run_tests(cases, &mut totals)?;
    end(project, filter, good, totals)
}

fn end(project: &Project, filter: Option<&str>, good: bool, totals: Totals) -> Result<ExitCode> {
    println!("{} passed, {} failed", totals.passed, totals.failed);
    if !good {
        return Ok(ExitCode::from(FAILED));
    }
    match filter {
        // Tests that do not run do not fail: a mistyped name must not look like success.
        Some(filter) if totals.nothing_matched() => Err(unknown(project, filter).into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn unknown(project: &Project, filter: &str) -> Fault {
    let names = names_of_cases(project);
    let near = nearest(filter, names.iter().map(String::as_str));
    let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    Fault::new(USAGE, format!("no test is called `{filter}`")).hint(format!(
        "{near}`cargo xtask test -- --list` shows the name of every test"
    ))
}

/// What a filter may name: the folders of cases and fixtures, and each case in them.
fn names_of_cases(project: &Project) -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["tests/cases", "tests/fixtures"] {
        for folder in below(&project.root.join(folder)) {
            let subject = folder.file_name().unwrap_or_default().to_string_lossy();
            for case in below(&folder) {
                if case
                    .extension()
                    .is_some_and(|extension| extension == "toml")
                {
                    let stem = case.file_stem().unwrap_or_default().to_string_lossy();
                    names.push(format!("{subject}/{stem}"));
                }
            }
            names.push(subject.into_owned());
        }
    }
    names.sort();
    names
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Only the cases, their snapshots updated as `update` says.
pub(crate) fn cases<'a>(
    project: &Project,
    shell: &'a Shell,
    update: &str,
    filter: Option<&str>,
    rest: &[String],
) -> Cmd<'a> {
    let command = cargo(shell, "test").args(HOST).args(["--test", "cases"]);
    arguments(with_guests(project, command, update), filter, rest)
}

/// Tells the harness where the components stand and what to do with snapshots that differ.
fn with_guests<'a>(project: &Project, command: Cmd<'a>, update: &str) -> Cmd<'a> {
    command
        .env("FRACTALAW_GUESTS", project.outputs())
        .env("INSTA_UPDATE", update)
        // The harness says what differs, once for all cases.
        .env("INSTA_OUTPUT", "none")
        .env("INSTA_WORKSPACE_ROOT", &project.root)
}

fn arguments<'a>(command: Cmd<'a>, filter: Option<&str>, rest: &[String]) -> Cmd<'a> {
    command.arg("--").args(filter).args(colour()).args(rest)
}

fn review(project: &Project, flags: &flags::Test) -> Result<ExitCode> {
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
        .hint("run `cargo install cargo-insta`, or accept everything with `cargo xtask test --accept`")
        .into());
    }
    build_guests::ensure(project, &[])?;
    // Whether the cases pass does not matter here: what differs is what there is to review.
    run_tests(
        cases(project, shell, "new", flags.filter.as_deref(), &flags.rest),
        &mut Totals::default(),
    )
    .context("cannot run the cases")?;
    let review = cargo(shell, "insta")
        .args(["review", "--workspace-root"])
        .arg(&project.root);
    step(
        "review",
        "run `git status` to see what was accepted so far",
        review,
    )?;
    Ok(ExitCode::SUCCESS)
}
