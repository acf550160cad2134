//! What there is: guests, cases, snapshots. None may stand alone, and one that is bad keeps no other
//! from being run.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Failed, Trial};

use crate::case::Case;
use crate::{misplaced, snapshot};

/// Everything found in `guests/` and `tests/`.
pub(crate) struct Inventory {
    pub(crate) cases: Vec<Case>,
    /// Folder of the guests' built components.
    pub(crate) components: PathBuf,
    /// Folder for compiled code, kept from one test run to the next.
    pub(crate) cache: PathBuf,
    tests: PathBuf,
    guests: BTreeSet<String>,
    /// The folders of `cases/` that have a case, whether or not it can be read.
    subjects: BTreeSet<String>,
    /// The files that snapshots may stand in.
    expected: BTreeSet<PathBuf>,
    unreadable: Vec<String>,
}

/// The folder `tests/`: this one, or that of another workspace whose cases are to be run.
pub(crate) fn tests() -> &'static Path {
    static TESTS: LazyLock<PathBuf> = LazyLock::new(|| {
        env::var_os("FRACTALAW_TESTS")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
    });
    &TESTS
}

impl Inventory {
    /// Reads the workspace whose folder `tests/` this is.
    pub(crate) fn read(tests: &Path) -> Result<Inventory> {
        let workspace = tests.parent().context("`tests/` stands in the workspace")?;
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| workspace.join("target"), |folder| workspace.join(folder));
        let components =
            env::var_os("FRACTALAW_GUESTS").map_or_else(|| target.join("guests"), PathBuf::from);
        let mut inventory = Inventory {
            cases: Vec::new(),
            components,
            cache: target.join("fractalaw-cache"),
            tests: tests.to_owned(),
            guests: BTreeSet::new(),
            subjects: BTreeSet::new(),
            expected: BTreeSet::new(),
            unreadable: Vec::new(),
        };
        for manifest in files(&workspace.join("guests"), 2, "toml")? {
            if manifest.ends_with("Cargo.toml") {
                inventory.guests.extend(manifest.parent().map(name));
            }
        }
        for room in ["cases", "fixtures"] {
            for file in files(&tests.join(room), 2, "toml")? {
                inventory.add(room, &file);
            }
        }
        Ok(inventory)
    }

    /// Adds a case. One that cannot be read keeps its place, so that its guest and its snapshots do not
    /// look forsaken.
    fn add(&mut self, room: &str, file: &Path) {
        let subject = file.parent().map(name).unwrap_or_default();
        let stem = name(&file.with_extension(""));
        let snapshots = self.tests.join("snapshots").join(&subject);
        self.expected.extend(snapshot::files(&snapshots, &stem));
        if room == "cases" {
            self.subjects.insert(subject);
        }
        let fitting = |case: Case| {
            ensure!(
                case.is_fixture() == (room == "fixtures"),
                "`{}`: cases in `tests/fixtures/` have a `component`, those in `tests/cases/` have \
                 their guest's",
                file.display()
            );
            Ok(case)
        };
        match Case::read(file).and_then(fitting) {
            Ok(case) => self.cases.push(case),
            Err(error) => self
                .unreadable
                .push(format!("{error:#}").trim_end().to_owned()),
        }
    }

    /// One test for each way in which something can stand alone or in the wrong place.
    pub(crate) fn checks(&self) -> Result<Vec<Trial>> {
        Ok(self
            .problems()?
            .into_iter()
            .map(|(name, problems)| check(name, problems))
            .collect())
    }

    /// What is wrong, by the name of the test that fails for it.
    pub(crate) fn problems(&self) -> Result<[(&'static str, Vec<String>); 5]> {
        let without_case = self.guests.difference(&self.subjects).map(|guest| {
            format!(
                "guest `{guest}` has no case\n\
                 hint: add `tests/cases/{guest}/default.toml` with a line `about = \"…\"`, \
                 then run `cargo xtask test {guest}/ --accept`"
            )
        });
        let without_guest = self.subjects.difference(&self.guests).map(|subject| {
            format!(
                "cases in `tests/cases/{subject}/` have no guest{}\n\
                 hint: rename the folder to its guest's name, or delete it",
                nearest(subject, &self.guests)
            )
        });
        let snapshots = files(&self.tests.join("snapshots"), 2, "snap")?;
        let snapshots = BTreeSet::from_iter(snapshots);
        let stale = snapshots.difference(&self.expected).map(|path| {
            let path = misplaced::shown(&self.tests, path);
            format!("snapshot `{path}` has no case\nhint: delete it: `git rm {path}`")
        });
        Ok([
            ("inventory/every-case-can-be-read", self.unreadable.clone()),
            ("inventory/every-guest-has-a-case", without_case.collect()),
            ("inventory/every-case-has-a-guest", without_guest.collect()),
            ("inventory/every-snapshot-has-a-case", stale.collect()),
            (
                "inventory/every-file-is-in-its-place",
                misplaced::find(&self.tests)?,
            ),
        ])
    }
}

/// The last part of a path.
fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn check(name: &str, problems: Vec<String>) -> Trial {
    Trial::test(name, move || match problems.is_empty() {
        true => Ok(()),
        false => Err(Failed::from(problems.join("\n"))),
    })
}

fn nearest(name: &str, among: &BTreeSet<String>) -> String {
    among
        .iter()
        .map(|other| (strsim::damerau_levenshtein(name, other), other))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map_or_else(String::new, |(_, other)| {
            format!(", did you mean `{other}`")
        })
}

/// Files with an extension exactly `depth` folders below, in order.
fn files(folder: &Path, depth: usize, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in misplaced::entries(folder)? {
        if depth > 1 && path.is_dir() {
            found.extend(files(&path, depth - 1, extension)?);
        } else if depth == 1 && path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    Ok(found)
}
