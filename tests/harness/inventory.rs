//! The guests, cases and snapshots that exist. Each must have the others, and a bad one does not stop the others
//! from running.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Failed, Trial};

use crate::case::Case;
use crate::misplaced;
use crate::name::Name;
use crate::parts::Parts;
use crate::scenario::Scenario;
use crate::snapshot;
use crate::unread;

/// The names of the harness's own tests: `inventory/…`, `harness/…`.
const OWN: [&str; 3] = ["harness", "inventory", SCENARIOS];

/// The folder of scenarios, and the beginning of the names of their tests.
const SCENARIOS: &str = "scenarios";

/// Everything found in `guests/` and `tests/`.
pub(crate) struct Inventory {
    pub(crate) cases: Vec<Case>,
    /// Cases that cannot be run, and why. Each fails under its name, whatever was asked for.
    pub(crate) broken: Vec<(Name, String)>,
    pub(crate) scenarios: Vec<Scenario>,
    /// The folder `tests/`.
    pub(crate) tests: PathBuf,
    /// The folder that cargo and the commands write to.
    pub(crate) target: PathBuf,
    /// Those that can be run.
    guests: BTreeSet<String>,
    parts: Parts,
    /// The folders in `cases/` that have a case, whether or not it can be run.
    subjects: BTreeSet<String>,
    /// The paths that a snapshot may have.
    expected: BTreeSet<PathBuf>,
}

impl Inventory {
    /// Reads the workspace with this folder `tests/`.
    pub(crate) fn read(tests: &Path) -> Result<Inventory> {
        let workspace = tests.parent().context("`tests/` stands in the workspace")?;
        let mut inventory = Inventory {
            cases: Vec::new(),
            broken: Vec::new(),
            scenarios: Vec::new(),
            tests: tests.to_owned(),
            target: env::var_os("CARGO_TARGET_DIR")
                .map_or_else(|| workspace.join("target"), |folder| workspace.join(folder)),
            guests: BTreeSet::new(),
            parts: Parts::default(),
            subjects: BTreeSet::new(),
            expected: BTreeSet::new(),
        };
        let guests = fractalaw_workspace::guests(workspace);
        let guests = guests
            .with_context(|| format!("cannot list the guests of `{}`", workspace.display()))?;
        for (name, folder) in guests {
            inventory.parts.add(&name, &folder.join("Cargo.toml"));
            inventory.guests.insert(name);
        }
        // Guests in other languages are in a folder of their language.
        for manifest in files(&workspace.join("guests"), 3, "toml")? {
            if manifest.ends_with("micro-app.toml") {
                let folder = Name::of(&manifest).subject;
                inventory.parts.add(&folder, &manifest);
                inventory.guests.insert(folder);
            }
        }
        let parts = &inventory.parts;
        inventory.guests.retain(|guest| !parts.is_part(guest));
        for room in ["cases", "fixtures"] {
            for file in files(&tests.join(room), 2, "toml")? {
                inventory.add(room, &file);
            }
        }
        for file in files(&tests.join(SCENARIOS), 1, "toml")? {
            inventory.add_scenario(&file);
        }
        Ok(inventory)
    }

    fn add_scenario(&mut self, file: &Path) {
        let name = Name::of(file);
        self.expected.insert(name.story(&self.snapshots()));
        let read = match name.problem() {
            Some(problem) => Err(problem),
            None => Scenario::read(file).map_err(|error| format!("{error:#}")),
        };
        match read {
            Ok(scenario) => self.scenarios.push(scenario),
            Err(problem) => self.broken.push((name, problem)),
        }
    }

    /// Whether the workspace has a guest of this name that can be run.
    pub(crate) fn has_guest(&self, name: &str) -> bool {
        self.guests.contains(name)
    }

    /// The folder of the snapshots.
    pub(crate) fn snapshots(&self) -> PathBuf {
        self.tests.join("snapshots")
    }

    /// Adds a case. A case that cannot be run is kept, so that its guest and its snapshots do not seem to lack a
    /// case.
    fn add(&mut self, room: &str, file: &Path) {
        let name = Name::of(file);
        if room == "cases" {
            self.subjects.insert(name.subject.clone());
        }
        self.expected.extend(name.snapshots(&self.snapshots()));
        let read = match self.bad_name(room, &name) {
            Some(problem) => Err(problem),
            None => Case::read(name.clone(), file)
                .and_then(|case| {
                    ensure!(
                        case.is_fixture() == (room == "fixtures"),
                        "`{}`: cases in `tests/fixtures/` have a `component`, those in `tests/cases/` have \
                         their guest's",
                        file.display()
                    );
                    Ok(case)
                })
                .map_err(|error| format!("{error:#}").trim_end().to_owned()),
        };
        match read {
            Ok(case) => self.cases.push(case),
            Err(problem) => self.broken.push((name, problem)),
        }
    }

    /// Why the case cannot have this name: it is not valid, or it is taken.
    fn bad_name(&self, room: &str, name: &Name) -> Option<String> {
        let subject = &name.subject;
        let taken_by = if OWN.contains(&&**subject) {
            "the harness's own tests are called so".to_owned()
        } else if room == "fixtures" && self.guests.contains(subject) {
            format!("the guest `{subject}` is called so")
        } else if room == "fixtures" && self.subjects.contains(subject) {
            format!("`tests/cases/{subject}/` is called so")
        } else {
            return name.problem();
        };
        Some(format!(
            "the name of `tests/{room}/{subject}/` is taken: {taken_by}\nhint: rename the folder"
        ))
    }

    /// The names of all cases, including those that cannot be run.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        let broken = self.broken.iter().map(|(name, _)| name);
        self.cases.iter().map(|case| &case.name).chain(broken)
    }

    /// One test for each thing that can be missing or misplaced.
    pub(crate) fn checks(&self) -> Result<Vec<Trial>> {
        Ok(self
            .problems()?
            .into_iter()
            .map(|(name, problems)| check(name, problems))
            .collect())
    }

    /// What is wrong, by the name of the test that fails for it.
    pub(crate) fn problems(&self) -> Result<[(&'static str, Vec<String>); 5]> {
        let untested = self.parts.without_user().map(|part| {
            format!(
                "guest `{part}` is a part of no guest that runs, so nothing tests it\n\
                 hint: name it in `compose` of a guest that has cases, or delete it"
            )
        });
        let without_case = self.guests.difference(&self.subjects).map(|guest| {
            format!(
                "guest `{guest}` has no case\n\
                 hint: add `tests/cases/{guest}/default.toml` with a line `about = \"…\"`, \
                 then run `cargo xtask test {guest} --accept`"
            )
        });
        let without_guest = self.subjects.difference(&self.guests).map(|subject| {
            format!(
                "cases in `tests/cases/{subject}/` have no guest{}\n\
                 hint: rename the folder to its guest's name, or delete it",
                nearest(subject, &self.guests)
            )
        });
        let mut stale = Vec::new();
        for (extension, kind) in [("snap", "snapshot"), ("new", "pending snapshot")] {
            for path in files(&self.snapshots(), 2, extension)? {
                let is_expected = match kind {
                    "snapshot" => self.expected.contains(&path),
                    _ => (self.expected.iter()).any(|file| snapshot::pending(file) == path),
                };
                if !is_expected {
                    let path = misplaced::shown(&self.tests, &path);
                    stale.push(format!(
                        "{kind} `{path}` has no case\nhint: delete it: `rm {path}`"
                    ));
                }
            }
        }
        Ok([
            (
                "inventory/every-guest-has-a-case",
                without_case.chain(untested).collect(),
            ),
            ("inventory/every-case-has-a-guest", without_guest.collect()),
            ("inventory/every-snapshot-has-a-case", stale),
            (
                "inventory/every-file-is-in-its-place",
                misplaced::find(&self.tests)?,
            ),
            ("inventory/every-file-is-read", unread::find(&self.tests)?),
        ])
    }
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
