//! What there is: guests, cases, snapshots. None may stand alone.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Failed, Trial};

use crate::case::Case;
use crate::snapshot;

/// Everything found in `guests/` and `tests/`.
pub(crate) struct Inventory {
    pub(crate) cases: Vec<Case>,
    /// Folder of the guests' built components.
    pub(crate) components: PathBuf,
    /// Folder for compiled code, kept from one test run to the next.
    pub(crate) cache: PathBuf,
    guests: BTreeSet<String>,
    snapshots: BTreeSet<PathBuf>,
}

/// The folder `tests/`.
pub(crate) fn tests() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Inventory {
    pub(crate) fn read() -> Result<Inventory> {
        let workspace = tests()
            .parent()
            .context("`tests/` stands in the workspace")?;
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| workspace.join("target"), |folder| workspace.join(folder));
        let guests = files(&workspace.join("guests"), 2, "toml")?
            .into_iter()
            .filter(|manifest| manifest.ends_with("Cargo.toml"))
            .filter_map(|manifest| {
                Some(
                    manifest
                        .parent()?
                        .file_name()?
                        .to_string_lossy()
                        .into_owned(),
                )
            })
            .collect();
        let mut cases = Vec::new();
        for folder in ["cases", "fixtures"] {
            for file in files(&tests().join(folder), 2, "toml")? {
                let case = Case::read(&file)?;
                ensure!(
                    case.is_fixture() == (folder == "fixtures"),
                    "`{}`: cases in `tests/fixtures/` have a `component`, those in `tests/cases/` \
                     have their guest's",
                    file.display()
                );
                cases.push(case);
            }
        }
        let snapshots = files(&snapshot::folder(), 2, "snap")?.into_iter().collect();
        let components =
            env::var_os("FRACTALAW_GUESTS").map_or_else(|| target.join("guests"), PathBuf::from);
        Ok(Inventory {
            cases,
            components,
            cache: target.join("fractalaw-cache"),
            guests,
            snapshots,
        })
    }

    /// One test for each way in which something can stand alone.
    pub(crate) fn checks(&self) -> Vec<Trial> {
        let of_guests = self.cases.iter().filter(|case| !case.is_fixture());
        let subjects: BTreeSet<String> = of_guests.map(|case| case.subject.clone()).collect();
        let expected: BTreeSet<_> = self.cases.iter().flat_map(snapshot::files).collect();
        let without_case = self.guests.difference(&subjects).map(|guest| {
            format!(
                "guest `{guest}` has no case\n\
                 hint: add `tests/cases/{guest}/default.toml` with a line `about = \"…\"`, \
                 then run `cargo xtask test {guest}/ --accept`"
            )
        });
        let without_guest = subjects.difference(&self.guests).map(|subject| {
            format!(
                "cases in `tests/cases/{subject}/` have no guest{}\n\
                 hint: rename the folder to its guest's name, or delete it",
                nearest(subject, &self.guests)
            )
        });
        let stale = self.snapshots.difference(&expected).map(|path| {
            let path = path
                .strip_prefix(tests())
                .unwrap_or(path)
                .display()
                .to_string();
            format!("snapshot `tests/{path}` has no case\nhint: delete it: `git rm tests/{path}`")
        });
        vec![
            check("inventory/every-guest-has-a-case", without_case.collect()),
            check("inventory/every-case-has-a-guest", without_guest.collect()),
            check("inventory/every-snapshot-has-a-case", stale.collect()),
        ]
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

/// Files with an extension exactly `depth` folders below, in order. A folder that is not there is empty.
fn files(folder: &Path, depth: usize, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error).with_context(|| format!("`{}`", folder.display())),
    };
    for entry in entries {
        let path = entry?.path();
        if depth > 1 && path.is_dir() {
            found.extend(files(&path, depth - 1, extension)?);
        } else if depth == 1 && path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
