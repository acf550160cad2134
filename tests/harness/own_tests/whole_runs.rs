//! The harness started on workspaces made here, with real components: what passes, what fails, what is written.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::workspace;

/// A test that gets the folder of built guests, if they are known to be fresh.
pub(super) type Test = (&'static str, fn(Option<&Path>) -> Result<()>);

pub(super) const TESTS: [Test; 5] = [
    ("a-written-byte-is-a-change-of-behaviour", written_bytes),
    (
        "functions-follow-a-cost-that-was-accepted",
        functions_follow,
    ),
    ("figures-that-cannot-be-read-are-told", damaged_figures),
    (
        "a-case-that-cannot-be-read-fails-under-a-filter",
        broken_case,
    ),
    ("stale-guests-are-not-tested", stale_guests),
];

/// A workspace with one case of `folder-writer`, which writes this text.
pub(super) fn writing(text: &str) -> Result<TempDir> {
    workspace(&[
        ("guests/folder-writer/Cargo.toml", ""),
        ("tests/cases/folder-writer/out/begin.txt", "start\n"),
        (CASE, &case(text)),
    ])
}

fn case(text: &str) -> String {
    case_about("writes a summary", text)
}

pub(super) fn case_about(about: &str, text: &str) -> String {
    format!(
        "about = {about:?}\n\
         [grants]\n\
         stdin = \"write /out/summary.txt {text}\"\n\
         dirs = [{{ host = \"out\", guest = \"/out\", writable = true }}]\n"
    )
}

pub(super) const CASE: &str = "tests/cases/folder-writer/default.toml";
pub(super) const SNAPSHOT: &str = "tests/snapshots/folder-writer/default.behaviour.snap";
const FUNCTIONS: &str = "tests/snapshots/folder-writer/default.functions.snap";

/// Runs this harness on a workspace as `cargo xtask test` does. Returns whether it succeeded, and its output.
pub(super) fn harness(
    workspace: &TempDir,
    guests: Option<&Path>,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<(bool, String)> {
    let mut command = command(workspace, guests, arguments);
    let update = match arguments.last() {
        Some(&"pending") => "new",
        Some(&("accept" | "functions")) => "always",
        _ => "no",
    };
    command.envs([("INSTA_OUTPUT", "none"), ("INSTA_UPDATE", update)]);
    ended(command.envs(variables.iter().copied()))
}

/// This harness, without a variable for insta. The last folder counts, as where `cargo xtask test` names its own before those that it was
/// given.
pub(super) fn command(workspace: &TempDir, guests: Option<&Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().unwrap_or_default());
    command.args(["--tests", "tests-of-the-workspace", "--tests"]);
    command.arg(workspace.path().join("tests"));
    if let Some(guests) = guests {
        command.arg("--guests").arg(guests);
    }
    command.args(arguments).env_remove("CARGO_TARGET_DIR");
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("INSTA_") {
            command.env_remove(name);
        }
    }
    command
}

pub(super) fn ended(command: &mut Command) -> Result<(bool, String)> {
    let output = command.output().context("the harness starts")?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8(said)?))
}

/// The guests of this workspace, whether or not they are fresh. Their contents do not matter here.
pub(super) fn any(guests: Option<&Path>) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let built = here.unwrap_or(Path::new(".")).join(target).join("guests");
    guests.map_or(built, Path::to_owned)
}

fn written_bytes(guests: Option<&Path>) -> Result<()> {
    let (guests, workspace) = (any(guests), writing("three duties")?);
    let run = |mode| {
        harness(
            &workspace,
            Some(&guests),
            &["--only", "folder-writer", "--snapshots", mode],
            &[],
        )
    };
    let (good, said) = run("accept")?;
    ensure!(good, "{said}");
    let path = workspace
        .path()
        .join("tests/cases/folder-writer/default.toml");
    fs::write(path, case("wrong things"))?;
    let (good, said) = run("pending")?;
    ensure!(!good, "{said}");
    let difference = "-    three duties\n+    wrong things\n";
    ensure!(said.contains(difference), "{said}");
    // The text is as long as before. So the cost is the same, and only the behaviour must be accepted.
    let pending = workspace.path().join(SNAPSHOT).with_extension("snap.new");
    ensure!(
        pending.exists() && !said.contains("default.fuel.snap"),
        "{said}"
    );
    ensure!(
        said.contains("accept it with `cargo xtask test folder-writer/default --accept`"),
        "{said}"
    );
    let (good, said) = run("accept")?;
    ensure!(good && !pending.exists(), "{said}");
    ensure!(run("never")?.0);
    Ok(())
}

fn functions_follow(guests: Option<&Path>) -> Result<()> {
    let (guests, workspace) = (any(guests), writing("short")?);
    let run = |mode| {
        harness(
            &workspace,
            Some(&guests),
            &["--only", "folder-writer/default", "--snapshots", mode],
            &[],
        )
    };
    ensure!(run("accept")?.0);
    let functions = workspace.path().join(FUNCTIONS);
    let before = fs::read_to_string(&functions)?;
    let path = workspace
        .path()
        .join("tests/cases/folder-writer/default.toml");
    fs::write(path, case("longer than it was"))?;
    let (good, said) = run("pending")?;
    ensure!(
        !good && said.contains("functions whose fuel moved:"),
        "{said}"
    );
    // A reviewer accepts behaviour and cost, and not the functions.
    for aspect in ["behaviour", "fuel"] {
        let name = format!("tests/snapshots/folder-writer/default.{aspect}.snap");
        let snapshot = workspace.path().join(name);
        fs::rename(snapshot.with_extension("snap.new"), &snapshot)?;
    }
    let (good, said) = run("never")?;
    ensure!(
        !good
            && said.contains("`tests/snapshots/folder-writer/default.functions.snap` has changed"),
        "{said}"
    );
    ensure!(fs::read_to_string(&functions)? == before);
    ensure!(run("functions")?.0);
    ensure!(fs::read_to_string(&functions)? != before);
    let (good, said) = run("never")?;
    ensure!(
        good && !functions.with_extension("snap.new").exists(),
        "{said}"
    );
    Ok(())
}

/// The case fails anyway, because a text differs. It also says why the reviewed figures cannot be read.
fn damaged_figures(guests: Option<&Path>) -> Result<()> {
    let (guests, workspace) = (any(guests), writing("short")?);
    let run = |arguments: &[&str]| {
        let arguments = [&["--only", "folder-writer/default"], arguments].concat();
        harness(&workspace, Some(&guests), &arguments, &[])
    };
    let records = workspace.path().join("records");
    let records = records.to_string_lossy();
    ensure!(run(&["--snapshots", "accept"])?.0);
    let damage = |aspect: &str| -> Result<()> {
        let snapshot = format!("tests/snapshots/folder-writer/default.{aspect}.snap");
        let snapshot = workspace.path().join(snapshot);
        let text = fs::read_to_string(&snapshot)?;
        let (header, text) = text.split_once("\n---\n").context("there is a header")?;
        let damaged = format!("{header}\n---\n<<<<<<< HEAD\n{text}");
        Ok(fs::write(snapshot, damaged)?)
    };
    damage("functions")?;
    let (good, said) = run(&["--snapshots", "never"])?;
    let other = "`tests/snapshots/folder-writer/default.functions.snap` has changed";
    ensure!(!good && said.contains(other), "{said}");
    damage("fuel")?;
    let (good, said) = run(&["--snapshots", "never"])?;
    let line = "line 1 is `<<<<<<< HEAD`, expected";
    let cost = format!(
        "`tests/snapshots/folder-writer/default.fuel.snap` is no cost: {line} `cost model: ` and its version\n"
    );
    let functions = format!(
        "`tests/snapshots/folder-writer/default.functions.snap` is no list of functions: {line} a function's own fuel, \
         its calls and its name\n"
    );
    ensure!(
        !good && said.contains(&cost) && said.contains(&functions),
        "{said}"
    );
    let (good, said) = run(&["--record", &records])?;
    let cost = format!("default.fuel.snap` is no cost: {line} ");
    ensure!(!good && said.contains(&cost), "{said}");
    Ok(())
}

fn broken_case(guests: Option<&Path>) -> Result<()> {
    let (guests, workspace) = (
        any(guests),
        workspace(&[
            ("guests/bad/Cargo.toml", ""),
            ("tests/cases/bad/default.toml", "abuot = \"mistyped\""),
        ])?,
    );
    let records = workspace
        .path()
        .join("records")
        .to_string_lossy()
        .into_owned();
    for arguments in [
        &["bad/"][..],
        &["--only", "bad"],
        &["--exact", "bad/default"],
        &["--record", &records],
    ] {
        let (good, said) = harness(&workspace, Some(&guests), arguments, &[])?;
        ensure!(
            !good && said.contains("unknown field `abuot`"),
            "{arguments:?}: {said}"
        );
        ensure!(said.contains("0 passed; 1 failed"), "{arguments:?}: {said}");
    }
    Ok(())
}

/// A program that says which guests are stale plays cargo.
fn stale_guests(guests: Option<&Path>) -> Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let workspace = writing("three duties")?;
    let cargo = workspace.path().join("cargo");
    fs::write(
        &cargo,
        "#!/bin/sh\necho $* > asked\necho folder-writer\nexit 12\n",
    )?;
    #[cfg(unix)]
    fs::set_permissions(&cargo, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let cargo = cargo.to_string_lossy().into_owned();
    let refused = |guests: Option<&Path>, arguments: &[&str]| {
        let arguments = [&["--only", "folder-writer"], arguments].concat();
        let (good, said) = harness(&workspace, guests, &arguments, &[("CARGO", &cargo)])?;
        let expected = "guest `folder-writer` is not built from its sources as they are now\n\
                        hint: run `cargo xtask build-guests`";
        ensure!(!good && said.contains(expected), "{said}");
        Ok(())
    };
    refused(None, &[])?;
    let asked = fs::read_to_string(workspace.path().join("asked"))?;
    ensure!(asked == "xtask build-guests --check\n", "{asked}");
    // `cargo xtask test` has built them, and says which it could not build.
    refused(Some(&any(guests)), &["--stale", "folder-writer"])
}
