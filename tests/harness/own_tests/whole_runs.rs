//! The harness started on workspaces of its own, with real components: what passes, what fails, what is written.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::workspace;

/// A test that is given the folder of built guests, if it is known that they are fresh.
type Test = (&'static str, fn(Option<&Path>) -> Result<()>);

pub(super) const TESTS: [Test; 5] = [
    ("no-variable-decides-a-verdict", variables),
    ("a-written-byte-is-a-change-of-behaviour", written_bytes),
    (
        "functions-follow-a-cost-that-was-accepted",
        functions_follow,
    ),
    (
        "a-case-that-cannot-be-read-fails-under-a-filter",
        broken_case,
    ),
    ("stale-guests-are-not-tested", stale_guests),
];

/// A workspace with one case of `folder-writer`, which writes this text.
fn writing(text: &str) -> Result<TempDir> {
    workspace(&[
        ("guests/folder-writer/Cargo.toml", ""),
        ("tests/cases/folder-writer/out/begin.txt", "start\n"),
        ("tests/cases/folder-writer/default.toml", &case(text)),
    ])
}

fn case(text: &str) -> String {
    format!(
        "about = \"writes a summary\"\n\
         [grants]\n\
         stdin = \"write /out/summary.txt {text}\"\n\
         dirs = [{{ host = \"out\", guest = \"/out\", writable = true }}]\n"
    )
}

const SNAPSHOT: &str = "tests/snapshots/folder-writer/default.behaviour.snap";
const FUNCTIONS: &str = "tests/snapshots/folder-writer/default.functions.snap";

/// Runs this harness on a workspace: whether it succeeded, and what it said.
fn harness(
    workspace: &TempDir,
    guests: Option<&Path>,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<(bool, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--tests").arg(workspace.path().join("tests"));
    if let Some(guests) = guests {
        command.arg("--guests").arg(guests);
    }
    let output = command
        .args(arguments)
        .env_remove("CARGO_TARGET_DIR")
        .envs(variables.iter().copied())
        .output()
        .context("the harness starts")?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8(said)?))
}

/// The guests of this workspace, whether or not they are fresh: here it does not matter what they are like.
fn any(guests: Option<&Path>) -> std::path::PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let built = here.unwrap_or(Path::new(".")).join(target).join("guests");
    guests.map_or(built, Path::to_owned)
}

fn variables(guests: Option<&Path>) -> Result<()> {
    let (guests, workspace) = (any(guests), writing("three duties")?);
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["--only", "folder-writer"], arguments].concat();
        harness(&workspace, Some(&guests), &arguments, variables)
    };
    let (good, said) = run(&["--snapshots", "accept"], &[])?;
    ensure!(good, "{said}");
    let snapshot = workspace.path().join(SNAPSHOT);
    let reviewed = fs::read_to_string(&snapshot)?.replace("three duties", "other duties");
    fs::write(&snapshot, &reviewed)?;
    let meant = workspace.path().to_string_lossy();
    for variable in [
        ("INSTA_FORCE_PASS", "1"),
        ("INSTA_UPDATE", "always"),
        ("INSTA_FORCE_UPDATE", "1"),
        ("INSTA_WORKSPACE_ROOT", &meant),
        ("INSTA_PENDING_DIR", &meant),
        ("INSTA_OUTPUT", "none"),
        ("FRACTALAW_RECORD", &meant),
        ("FRACTALAW_TESTS", "elsewhere"),
        ("FRACTALAW_GUESTS", "elsewhere"),
        ("FRACTALAW_EVERY_FUNCTION", ""),
        ("NEXTEST", "1"),
        ("NEXTEST_RUN_ID", "1"),
        ("RUST_TEST_THREADS", "0"),
        ("CI", "true"),
    ] {
        let (good, said) = run(&[], &[variable])?;
        ensure!(!good, "{variable:?}: {said}");
        ensure!(
            said.contains("`tests/snapshots/folder-writer/default.behaviour.snap` has changed"),
            "{variable:?}: {said}"
        );
        ensure!(fs::read_to_string(&snapshot)? == reviewed, "{variable:?}");
        ensure!(
            !snapshot.with_extension("snap.new").exists(),
            "{variable:?}"
        );
    }
    Ok(())
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
    // As long: so it cost the same, and only the behaviour is to be accepted.
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

/// Cargo is played by a program that says which guests are stale.
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
