//! What the harness finds in a workspace, and what it says is wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::{Test, workspace};
use crate::inventory::Inventory;
use crate::name::Name;
use crate::{misplaced, unread, verdict};

pub(super) const TESTS: [Test; 6] = [
    (
        "a-bad-case-fails-by-name-and-keeps-no-other-from-running",
        bad_cases,
    ),
    ("a-name-is-taken-once", names_taken_twice),
    ("misplaced-files-are-named", misplaced_files),
    ("files-that-no-case-names-are-named", unread_files),
    (
        "a-pending-snapshot-without-a-case-is-named",
        forsaken_snapshots,
    ),
    (
        "the-hint-accepts-what-failed-and-nothing-that-did-not-run",
        hint,
    ),
];

fn bad_cases() -> Result<()> {
    let workspace = workspace(&[
        ("guests/good/Cargo.toml", ""),
        ("guests/bad/Cargo.toml", ""),
        (
            "guests/lib-shared/Cargo.toml",
            "no guest, and needs no case",
        ),
        ("tests/cases/good/default.toml", "about = \"well\""),
        ("tests/cases/good/v1.2.toml", "about = \"a dot\""),
        (
            "tests/cases/good/Upper.toml",
            "about = \"as `upper` where case does not count\"",
        ),
        (
            "tests/cases/good/data.toml",
            "about = \"data\"\ndata.seeds = []",
        ),
        ("tests/cases/bad/default.toml", "abuot = \"mistyped\""),
        (
            "tests/cases/good/lost.toml",
            "about = \"lost\"\ncomponent.file = \"a.wat\"",
        ),
        ("tests/snapshots/bad/default.fuel.snap", ""),
        ("tests/snapshots/good/v1.2.fuel.snap", ""),
    ])?;
    let inventory = Inventory::read(&workspace.path().join("tests"))?;
    let cases: Vec<_> = inventory
        .cases
        .iter()
        .map(|case| case.name.to_string())
        .collect();
    ensure!(cases == ["good/default"], "{cases:?}");
    let expected = [
        (
            "bad/default",
            "`limits`, `grants`, `data`, `ai`, `event`, `tick`\nhint: `tests/README.md` has every key of a case",
        ),
        (
            "good/Upper",
            "`good/Upper` is no name for a case, expected lower-case words",
        ),
        (
            "good/data",
            "unknown field `seeds`, expected one of `seed`, `read`, `write`, `adbc`, `transaction`\nhint: `tests/README.md` has",
        ),
        (
            "good/lost",
            "/good/lost.toml`: cases in `tests/fixtures/` have a `component`",
        ),
        ("good/v1.2", "`good/v1.2` is no name for a case"),
    ];
    ensure!(
        inventory.broken.len() == expected.len(),
        "{:?}",
        inventory.broken
    );
    for ((name, problem), (expected, part)) in inventory.broken.iter().zip(expected) {
        ensure!(
            name.to_string() == expected && problem.contains(part),
            "{name}: {problem}"
        );
    }
    for (check, problems) in inventory.problems()? {
        ensure!(problems.is_empty(), "{check}: {problems:?}");
    }
    Ok(())
}

fn names_taken_twice() -> Result<()> {
    let workspace = workspace(&[
        ("guests/hello/Cargo.toml", ""),
        ("guests/harness/Cargo.toml", ""),
        ("tests/cases/hello/default.toml", "about = \"the guest's\""),
        (
            "tests/cases/harness/default.toml",
            "about = \"as our own tests\"",
        ),
        (
            "tests/cases/orphan/default.toml",
            "about = \"without a guest\"",
        ),
        (
            "tests/fixtures/hello/default.toml",
            "about = \"a fixture's\"\ncomponent.file = \"a.wat\"",
        ),
        (
            "tests/fixtures/orphan/default.toml",
            "about = \"a fixture's\"\ncomponent.file = \"a.wat\"",
        ),
    ])?;
    let inventory = Inventory::read(&workspace.path().join("tests"))?;
    let found: Vec<_> = (inventory.broken.iter())
        .map(|(name, problem)| format!("{name}: {problem}"))
        .collect();
    let expected = [
        "harness/default: the name of `tests/cases/harness/` is taken: the harness's own tests are called so",
        "hello/default: the name of `tests/fixtures/hello/` is taken: the guest `hello` is called so",
        "orphan/default: the name of `tests/fixtures/orphan/` is taken: `tests/cases/orphan/` is called so",
    ]
    .map(|problem| format!("{problem}\nhint: rename the folder"));
    ensure!(found == expected, "{found:#?}");
    Ok(())
}

fn misplaced_files() -> Result<()> {
    let workspace = workspace(&[
        ("tests/cases/alone.toml", ""),
        ("tests/cases/README.md", "of no concern"),
        ("tests/cases/empty/input.txt", ""),
        ("tests/cases/full/default.toml", ""),
        ("tests/cases/full/other.TOML", ""),
        ("tests/cases/full/data/settings.toml", "an input"),
        ("tests/fixtures/alone.toml", ""),
        ("tests/snapshots/top.snap", ""),
        ("tests/snapshots/full/default.fuel.snap", ""),
        ("tests/snapshots/full/default.fuel.snap.new", "pending"),
        ("tests/snapshots/full/default.fuel.snp", ""),
        ("tests/snapshots/full/deeper/default.fuel.snap", ""),
    ])?;
    for folder in ["cases/gone", "cases/full/data/out"] {
        fs::create_dir(workspace.path().join("tests").join(folder))?;
    }
    let found = misplaced::find(&workspace.path().join("tests"))?;
    let expected = [
        "`tests/cases/alone.toml` is in no folder",
        "`tests/cases/empty/` has no case",
        "`tests/cases/full/data/out/` is empty, and git keeps no empty folder",
        "`tests/cases/full/other.TOML` does not end in `.toml`, so that nothing runs it",
        "`tests/cases/gone/` is empty, and git keeps no empty folder",
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

fn unread_files() -> Result<()> {
    let case =
        "about = \"well\"\ndata.seed = [\"schema.sql\", \"rows\"]\nstdin.file = \"../a/input\"";
    let scenario = "about = \"a story\"\nseed = \"../cases/a/old.csv\"\nother = \".\"";
    let workspace = workspace(&[
        ("guests/a/Cargo.toml", ""),
        ("tests/cases/README.md", "for people"),
        ("tests/cases/a/one.toml", case),
        ("tests/cases/a/schema.sql", "named"),
        (
            "tests/cases/a/rows/deep/below.csv",
            "in a folder that is named",
        ),
        ("tests/cases/a/input", "named by a longer way"),
        ("tests/cases/a/old.csv", "named by a scenario"),
        ("tests/cases/a/schema.sql.old", ""),
        ("tests/cases/a/deep/two.toml", "a case in the wrong folder"),
        ("tests/scenarios/day.toml", scenario),
        ("tests/scenarios/week/day.toml", ""),
        ("tests/scenarios/.keep", ""),
    ])?;
    let found = unread::find(&workspace.path().join("tests"))?;
    let expected = [
        "cases/a/deep/two.toml",
        "cases/a/schema.sql.old",
        "scenarios/week/day.toml",
    ]
    .map(|path| {
        format!(
            "`tests/{path}` is read by nothing: no case and no scenario names it\n\
             hint: delete it, or name it where it is needed, such as in `data.seed`"
        )
    });
    ensure!(found == expected, "{found:#?}");
    Ok(())
}

fn forsaken_snapshots() -> Result<()> {
    let workspace = workspace(&[
        ("guests/a/Cargo.toml", ""),
        ("tests/cases/a/one.toml", "about = \"well\""),
        ("tests/snapshots/a/one.fuel.snap.new", "to be reviewed"),
        ("tests/snapshots/a/two.fuel.snap", ""),
        ("tests/snapshots/a/two.fuel.snap.new", ""),
    ])?;
    let inventory = Inventory::read(&workspace.path().join("tests"))?;
    let found: Vec<_> = inventory
        .problems()?
        .into_iter()
        .flat_map(|(_, problems)| problems)
        .collect();
    let expected = [
        "snapshot `tests/snapshots/a/two.fuel.snap` has no case\n\
         hint: delete it: `rm tests/snapshots/a/two.fuel.snap`",
        "pending snapshot `tests/snapshots/a/two.fuel.snap.new` has no case\n\
         hint: delete it: `rm tests/snapshots/a/two.fuel.snap.new`",
    ];
    ensure!(found == expected, "{found:#?}");
    Ok(())
}

fn hint() -> Result<()> {
    let all = &["a/one", "a/three", "a/two", "b/one", "c/one"][..];
    for (failing, asked, expected) in [
        (&["a/one"][..], all, "cargo xtask test a/one"),
        (&["a/one", "a/two"], all, "cargo xtask test a"),
        (&["a/one", "b/one"], all, "cargo xtask test"),
        (
            &["a/one", "a/two"],
            &["a/one", "a/two"],
            "cargo xtask test a/one a/two",
        ),
        (
            &["a/one", "a/two", "c/one"],
            &["a/one", "a/three", "a/two", "c/one"],
            "cargo xtask test a c/one",
        ),
    ] {
        let names = |names: &[&str]| -> BTreeSet<Name> {
            names.iter().map(|name| Name::of(Path::new(name))).collect()
        };
        let (failing, asked) = (names(failing), names(asked));
        let command = verdict::command(&failing.iter().collect(), &asked, &names(all));
        ensure!(command == expected, "{failing:?}: {command}");
    }
    Ok(())
}
