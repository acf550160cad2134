//! `cargo xtask test --watch`: runs the cases again that a change concerns.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

use crate::build_guests;
use crate::cases::asked::Asked;
use crate::cases::harness::Snapshots;
use crate::cases::names::{Cases, is_meant};
use crate::children;
use crate::flags;
use crate::in_ci;
use crate::project::Project;
use crate::test::{asked, verify};
use crate::watch::{Watch, say_changed, say_ended, sources};

/// Runs the command. Only a signal ends it, or names that mean nothing.
pub(crate) fn run(project: &Project, flags: &flags::Test) -> Result<ExitCode> {
    children::listen()?;
    let mut places = sources(project)?;
    places.extend(["tests", "host"].map(|place| project.root.join(place)));
    // Before the first round: what changes while it goes on starts another one.
    let mut watch = Watch::begin(places);
    let wanted = wanted(project, &flags.names)?;
    let mut concerned = Concerned {
        all: true,
        ..Concerned::default()
    };
    let mut wanted = Ok(wanted);
    loop {
        let began = Instant::now();
        let result = wanted.and_then(|wanted| round(project, flags, &wanted, &mut concerned));
        let result = match result {
            Ok(result) => {
                concerned = Concerned::default();
                result
            }
            // What this round did not run is run by the next one.
            Err(error) => {
                eprintln!("error: {error:#}");
                "failed".to_owned()
            }
        };
        watch.know_more(project);
        say_ended(&result, began.elapsed());
        let changed = watch.next();
        say_changed(project, &changed);
        concerned.add_all(project, &changed);
        wanted = self::wanted(project, &flags.names);
    }
}

/// The cases that the command line means. Other tests are not watched.
fn wanted(project: &Project, names: &[String]) -> Result<Vec<String>> {
    let known = Cases::find(project);
    let known = || known.names().map(str::to_owned);
    Ok(match asked(project, names)? {
        Asked::Everything => known().collect(),
        Asked::Text(text) => Cases::find(project).containing(&text)?,
        Asked::Cases(names) => {
            let named = |case: &String| names.iter().any(|name| is_meant(case, name));
            let scenarios = names.iter().filter(|name| name.starts_with("scenarios"));
            known().filter(named).chain(scenarios.cloned()).collect()
        }
    })
}

/// What a change concerns, besides the guests that it makes stale.
#[derive(Debug, Default, PartialEq, Eq)]
struct Concerned {
    all: bool,
    /// Cases, and guests or groups for all of their cases.
    names: BTreeSet<String>,
}

impl Concerned {
    fn add_all(&mut self, project: &Project, changed: &[PathBuf]) {
        for path in changed {
            self.add(project.relative(path));
        }
    }

    /// A path from the root.
    fn add(&mut self, path: &Path) {
        let parts = path.iter().map(|part| part.to_string_lossy());
        let parts: Vec<_> = parts.collect();
        let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
        let name = match parts[..] {
            ["tests", "scenarios", file] => match file.strip_suffix(".toml") {
                Some(name) => format!("scenarios/{name}"),
                None => "scenarios".to_owned(),
            },
            ["tests", "cases" | "fixtures", subject, file] => match file.strip_suffix(".toml") {
                Some(case) => format!("{subject}/{case}"),
                // An input, which any case may have.
                None => subject.to_owned(),
            },
            ["tests", "cases" | "fixtures", subject, ..] => subject.to_owned(),
            ["tests", "snapshots", subject, file] => {
                let case = file.split('.').next().unwrap_or_default();
                format!("{subject}/{case}")
            }
            // The host, the harness or its policy. Guests are judged by their builds.
            ["tests" | "host", ..] => {
                self.all = true;
                return;
            }
            _ => return,
        };
        self.names.insert(name);
    }

    fn has(&self, case: &str) -> bool {
        self.all || self.names.iter().any(|name| is_meant(case, name))
    }
}

/// Builds what is stale and runs what is concerned, to which guests that are built again are added. Returns the result in
/// words, or an error if not everything ran that could.
fn round(
    project: &Project,
    flags: &flags::Test,
    wanted: &[String],
    concerned: &mut Concerned,
) -> Result<String> {
    let guests = Asked::Cases(wanted.to_vec()).guests(project)?;
    let outcome = build_guests::attempt(project, &guests)?;
    let rebuilt: BTreeSet<&str> = outcome.rebuilt().collect();
    concerned
        .names
        .extend(rebuilt.iter().map(|name| (*name).to_owned()));
    if !rebuilt.is_empty() {
        concerned.names.insert("scenarios".to_owned());
    }
    let failed: BTreeSet<&str> = outcome.failed().collect();
    let is_built = |case: &&String| !failed.iter().any(|guest| is_meant(case, guest));
    let mut names: Vec<String> = (wanted.iter().filter(|case| concerned.has(case)))
        .filter(is_built)
        .cloned()
        .collect();
    // A guest's name stands for its unit tests too.
    for guest in guests.iter().filter(|guest| !failed.contains(&***guest)) {
        let is_new = concerned.all || rebuilt.contains(&**guest);
        if is_new && all_of(project, guest, &names) {
            names.retain(|case| !is_meant(case, guest));
            names.push(guest.clone());
        }
    }
    let passed = match names.is_empty() {
        true => None,
        false => {
            let flags = flags::Test {
                names,
                rest: flags.rest.clone(),
                ..flags::Test::default()
            };
            let snapshots = match in_ci::is_here() {
                true => Snapshots::Never,
                false => Snapshots::Pending,
            };
            Some(verify(project, &flags, snapshots)? == ExitCode::SUCCESS)
        }
    };
    // After the tests, so that it is the last that one reads.
    let built = outcome.check();
    if let Err(error) = &built {
        eprintln!("error: {error:#}");
    }
    Ok(match passed {
        _ if built.is_err() => "failed",
        Some(true) => "passed",
        Some(false) => "failed",
        None => "nothing to run",
    }
    .to_owned())
}

/// Whether these are all cases of a guest.
fn all_of(project: &Project, guest: &str, names: &[String]) -> bool {
    let known = Cases::find(project);
    let mut of_guest = known
        .names()
        .filter(|case| is_meant(case, guest))
        .peekable();
    of_guest.peek().is_some() && of_guest.all(|case| names.iter().any(|name| name == case))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Concerned;

    #[test]
    fn a_file_concerns_the_cases_that_may_read_it() {
        for (path, expected) in [
            ("tests/cases/a/default.toml", &["a/default"][..]),
            ("tests/cases/a/input.csv", &["a"]),
            ("tests/cases/a/folder/input.toml", &["a"]),
            ("tests/fixtures/g/one.wat", &["g"]),
            ("tests/snapshots/a/default.fuel.snap", &["a/default"]),
            (
                "tests/snapshots/scenarios/day.story.snap",
                &["scenarios/day"],
            ),
            ("tests/scenarios/day.toml", &["scenarios/day"]),
            ("guests/a/src/lib.rs", &[]),
            ("wit/data.wit", &[]),
            ("tests/policy.toml", &["*"]),
            ("tests/harness/main.rs", &["*"]),
            ("host/src/lib.rs", &["*"]),
        ] {
            let mut concerned = Concerned::default();
            concerned.add(Path::new(path));
            let mut names: Vec<&str> = concerned.names.iter().map(String::as_str).collect();
            names.extend(concerned.all.then_some("*"));
            assert_eq!(names, expected, "{path}");
        }
    }
}
