//! Tests of the harness itself: in one binary with the cases, because it has no other.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::inventory::Inventory;
use crate::{functions, misplaced, rendering, verdict};

pub(crate) fn trials() -> Vec<Trial> {
    type Test = fn() -> Result<()>;
    let tests: [(&str, Test); 5] = [
        ("a-bad-case-keeps-no-other-from-running", bad_case),
        ("misplaced-files-are-named", misplaced_files),
        ("the-hint-accepts-what-failed", hint),
        ("a-last-newline-is-seen", last_newline),
        (
            "the-function-that-moved-most-stands-first",
            functions_that_moved,
        ),
    ];
    tests
        .map(|(name, test)| {
            Trial::test(format!("harness/{name}"), move || {
                test().map_err(|error| Failed::from(format!("{error:#}")))
            })
        })
        .into()
}

/// A workspace with these files, each with its text.
fn workspace(files: &[(&str, &str)]) -> Result<TempDir> {
    let workspace = tempfile::tempdir()?;
    for (file, text) in files {
        let path = workspace.path().join(file);
        fs::create_dir_all(path.parent().context("a file stands in a folder")?)?;
        fs::write(path, text)?;
    }
    Ok(workspace)
}

fn bad_case() -> Result<()> {
    let workspace = workspace(&[
        ("guests/good/Cargo.toml", ""),
        ("guests/bad/Cargo.toml", ""),
        ("tests/cases/good/default.toml", "about = \"well\""),
        ("tests/cases/bad/default.toml", "abuot = \"mistyped\""),
        (
            "tests/cases/good/lost.toml",
            "about = \"lost\"\ncomponent.file = \"a.wat\"",
        ),
        ("tests/snapshots/bad/default.fuel.snap", ""),
    ])?;
    let inventory = Inventory::read(&workspace.path().join("tests"))?;
    let cases: Vec<_> = inventory.cases.iter().map(|case| case.name()).collect();
    ensure!(cases == ["good/default"], "{cases:?}");
    let [(_, unreadable), others @ ..] = inventory.problems()?;
    ensure!(unreadable.len() == 2, "{unreadable:?}");
    ensure!(
        unreadable[0].contains("bad/default.toml`: ") && unreadable[0].contains("abuot"),
        "{unreadable:?}"
    );
    ensure!(
        unreadable[1].contains("good/lost.toml`: cases in `tests/fixtures/` have a `component`"),
        "{unreadable:?}"
    );
    for (check, problems) in others {
        ensure!(problems.is_empty(), "{check}: {problems:?}");
    }
    Ok(())
}

fn misplaced_files() -> Result<()> {
    let workspace = workspace(&[
        ("tests/cases/alone.toml", ""),
        ("tests/cases/README.md", "of no concern"),
        ("tests/cases/empty/input.txt", ""),
        ("tests/cases/full/default.toml", ""),
        ("tests/cases/full/data/settings.toml", "an input"),
        ("tests/fixtures/alone.toml", ""),
        ("tests/snapshots/top.snap", ""),
        ("tests/snapshots/full/default.fuel.snap", ""),
        ("tests/snapshots/full/default.fuel.snap.new", "pending"),
        ("tests/snapshots/full/default.fuel.snp", ""),
        ("tests/snapshots/full/deeper/default.fuel.snap", ""),
    ])?;
    let found = misplaced::find(&workspace.path().join("tests"))?;
    let expected = [
        "`tests/cases/alone.toml` is in no folder",
        "`tests/cases/empty/` has no case",
        "`tests/fixtures/alone.toml` is in no folder",
        "`tests/snapshots/full/deeper/default.fuel.snap` is no snapshot of a case",
        "`tests/snapshots/full/default.fuel.snp` is no snapshot of a case",
        "`tests/snapshots/top.snap` is no snapshot of a case",
    ];
    ensure!(found.len() == expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        ensure!(found.starts_with(expected), "{expected}: {found}");
        ensure!(found.contains("\nhint: "), "{found}");
    }
    Ok(())
}

fn hint() -> Result<()> {
    for (cases, expected) in [
        (&["a/one"][..], "cargo xtask test a/one"),
        (&["a/one", "a/two"], "cargo xtask test a/"),
        (&["a/one", "a/two", "b/one"], "cargo xtask test"),
    ] {
        let command = verdict::command(&BTreeSet::from_iter(cases.iter().copied()));
        ensure!(command == expected, "{cases:?}: {command}");
    }
    Ok(())
}

fn last_newline() -> Result<()> {
    ensure!(rendering::lines("").is_empty());
    ensure!(rendering::lines("\n") == ["", ""]);
    ensure!(rendering::lines("x") == ["x"]);
    ensure!(rendering::lines("x\n") == ["x", ""]);
    ensure!(rendering::lines("x\r\ny") == ["x\\r", "y"]);
    Ok(())
}

fn functions_that_moved() -> Result<()> {
    let before = functions::parse("10 2 a <b as c>::d\n7 1 gone\n5 5 same\n");
    let after = functions::parse("12 3 a <b as c>::d\n5 5 same\n40 1 [new] one\n");
    ensure!(functions::parse(&functions::text(&after)) == after);
    let changes = functions::changes(&before, &after);
    let found: Vec<_> = changes
        .iter()
        .map(|change| (&*change.name, change.difference()))
        .collect();
    ensure!(
        found == [("[new] one", 40), ("gone", -7), ("a <b as c>::d", 2)],
        "{found:?}"
    );
    let twice = functions::together(changes.iter().chain(&changes));
    ensure!(twice[0].difference() == 80 && twice.len() == 3, "{twice:?}");
    // Where fuel fell, the cause of the fall.
    let back = functions::changes(&after, &before);
    let found: Vec<_> = back.iter().map(|change| change.difference()).collect();
    ensure!(found == [-40, 7, -2], "{found:?}");
    Ok(())
}
