//! The harness started where snapshots are to be written, and where they must not be. Neither insta nor a
//! variable decides.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::whole_runs::{CASE, SNAPSHOT, Test, any, case_about, command, ended, harness, writing};

pub(super) const TESTS: [Test; 4] = [
    ("no-variable-decides-a-verdict", variables),
    ("no-variable-decides-what-is-written", variables_of_insta),
    (
        "accepting-refreshes-a-header-and-forgets-what-was-pending",
        accepting,
    ),
    ("what-cannot-be-written-is-said", unwritable),
];

/// The variables that insta 1.49 reads, each with the value that would do most harm. `FILE` stands for a file to
/// write to.
const OF_INSTA: [(&str, &str); 18] = [
    ("INSTA_CARGO_INSTA", "1"),
    ("INSTA_DIFF_TOOL", "FILE"),
    ("INSTA_FORCE_PASS", "1"),
    ("INSTA_FORCE_UPDATE", "1"),
    ("INSTA_FORCE_UPDATE_SNAPSHOTS", "1"),
    ("INSTA_GLOB_FAIL_FAST", "1"),
    ("INSTA_GLOB_FILTER", "nothing"),
    ("INSTA_OUTPUT", "diff"),
    ("INSTA_PENDING_DIR", "FILE"),
    ("INSTA_REQUIRE_FULL_MATCH", "1"),
    ("INSTA_SNAPSHOT_REFERENCES_FILE", "FILE"),
    ("INSTA_TEST_RUNNER", "nextest"),
    ("INSTA_TEST_RUNNER_FALLBACK", "1"),
    ("INSTA_UPDATE", "force"),
    ("INSTA_UPDATE", "unseen"),
    ("INSTA_WARNINGS_FILE", "FILE"),
    ("INSTA_WORKSPACE_ROOT", "FILE"),
    ("INSTA_YAML_BLOCK_STYLE", "1"),
];

/// A workspace whose only case differs from its snapshot in what it wrote.
fn differing(guests: &Path) -> Result<TempDir> {
    let workspace = writing("three duties")?;
    let arguments = ["--only", "folder-writer", "--snapshots", "accept"];
    let (good, said) = harness(&workspace, Some(guests), &arguments, &[])?;
    ensure!(good, "{said}");
    let snapshot = workspace.path().join(SNAPSHOT);
    let reviewed = fs::read_to_string(&snapshot)?.replace("three duties", "other duties");
    fs::write(&snapshot, &reviewed)?;
    Ok(workspace)
}

fn variables(guests: Option<&Path>) -> Result<()> {
    let guests = any(guests);
    let workspace = differing(&guests)?;
    let before = files(workspace.path())?;
    let file = workspace.path().join("file").to_string_lossy().into_owned();
    let ours = [
        ("FRACTALAW_RECORD", "FILE"),
        ("FRACTALAW_TESTS", "elsewhere"),
        ("FRACTALAW_GUESTS", "elsewhere"),
        ("FRACTALAW_EVERY_FUNCTION", ""),
        ("NEXTEST", "1"),
        ("NEXTEST_RUN_ID", "1"),
        ("RUST_TEST_THREADS", "0"),
        ("CI", "true"),
        ("TF_BUILD", "1"),
    ];
    // As under plain `cargo test`, which removes no variable.
    for (name, value) in OF_INSTA.iter().chain(&ours) {
        let value = value.replace("FILE", &file);
        let mut command = command(&workspace, Some(&guests), &["--only", "folder-writer"]);
        let (good, said) = ended(command.env(name, &value))?;
        ensure!(!good, "{name}={value}: {said}");
        ensure!(
            said.contains("`tests/snapshots/folder-writer/default.behaviour.snap` has changed"),
            "{name}={value}: {said}"
        );
        ensure!(files(workspace.path())? == before, "{name}={value}");
    }
    Ok(())
}

fn variables_of_insta(guests: Option<&Path>) -> Result<()> {
    let guests = any(guests);
    let workspace = differing(&guests)?;
    let before = files(workspace.path())?;
    let refused = "error: snapshots cannot be written, because the environment tells insta something else than the \
                   command line: ";
    let hint = "\nhint: run `cargo xtask test`, with `--accept` or `--review`, which sets it\n";
    for mode in ["pending", "accept", "functions"] {
        let arguments = ["--only", "folder-writer", "--snapshots", mode];
        for (name, value) in OF_INSTA {
            let (good, said) = harness(&workspace, Some(&guests), &arguments, &[(name, value)])?;
            let expected = format!("{refused}`{name}` is `{value}`{hint}");
            ensure!(!good && said == expected, "{mode}: {said}");
        }
        let (good, said) = ended(&mut command(&workspace, Some(&guests), &arguments))?;
        let missing = "`INSTA_OUTPUT` is not set, `INSTA_UPDATE` is not set";
        ensure!(
            !good && said == format!("{refused}{missing}{hint}"),
            "{mode}: {said}"
        );
    }
    ensure!(files(workspace.path())? == before);
    Ok(())
}

fn accepting(guests: Option<&Path>) -> Result<()> {
    let (guests, workspace) = (any(guests), writing("three duties")?);
    let run = |mode| {
        let arguments = ["--only", "folder-writer", "--snapshots", mode];
        harness(&workspace, Some(&guests), &arguments, &[])
    };
    let snapshot = workspace.path().join(SNAPSHOT);
    let pending = snapshot.with_added_extension("new");
    let (good, said) = run("pending")?;
    ensure!(!good && said.contains("does not exist yet"), "{said}");
    let file = fs::read_to_string(&pending)?;
    let (_, text) = file.split_once("\n---\n").context("there is a header")?;
    ensure!(text.starts_with("outcome: completed\n"), "{text}");
    // Accepted by hand, it has a header line that only a pending snapshot should have.
    fs::rename(&pending, &snapshot)?;
    ensure!(file.contains("\nassertion_line: "), "{file}");
    for (about, header) in [
        ("the first of two", "the first of two"),
        ("100 MB of zeros", "100 MB of zeros"),
        ("it says: \"yes\"", "\"it says: \\\"yes\\\"\""),
        ("yes", "\"yes\""),
    ] {
        fs::write(
            workspace.path().join(CASE),
            case_about(about, "three duties"),
        )?;
        fs::write(&pending, "of an earlier run")?;
        let (good, said) = run("accept")?;
        ensure!(good, "{said}");
        let file = fs::read_to_string(&snapshot)?;
        let header = format!("source: tests/harness/snapshot.rs\ndescription: {header}");
        ensure!(file == format!("---\n{header}\n---\n{text}"), "{file}");
        ensure!(!pending.exists());
    }
    // Line ends of another system: they read the same, and the file is left alone.
    let file = fs::read_to_string(&snapshot)?.replace('\n', "\r\n");
    fs::write(&snapshot, &file)?;
    for mode in ["never", "pending", "accept"] {
        let (good, said) = run(mode)?;
        ensure!(
            good && fs::read_to_string(&snapshot)? == file,
            "{mode}: {said}"
        );
    }
    Ok(())
}

fn unwritable(guests: Option<&Path>) -> Result<()> {
    let (guests, workspace) = (any(guests), writing("three duties")?);
    fs::create_dir_all(workspace.path().join("tests"))?;
    fs::write(workspace.path().join("tests/snapshots"), "no folder")?;
    for (mode, end) in [("accept", "snap`: "), ("pending", "snap.new`: ")] {
        let arguments = ["--only", "folder-writer", "--snapshots", mode];
        let (good, said) = harness(&workspace, Some(&guests), &arguments, &[])?;
        let expected = "/tests/snapshots/folder-writer/default.behaviour.";
        ensure!(
            !good
                && said.contains("\ncannot write `")
                && said.contains(&format!("{expected}{end}")),
            "{mode}: {said}"
        );
        ensure!(!said.contains("panicked"), "{mode}: {said}");
    }
    Ok(())
}

/// Every file of a workspace, except what is built.
fn files(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(files(&path)?);
        } else if path.is_file() {
            found.insert(path.clone(), fs::read(&path)?);
        }
    }
    Ok(found)
}
