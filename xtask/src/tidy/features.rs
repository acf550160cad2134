//! Rule: everything that links Wasmtime has the same dependencies with the same features, whether `cargo xtask
//! run` builds the program, `cargo xtask test` tests everything, or one package is tested alone. Cargo would
//! compile Wasmtime once more for each difference.
//!
//! And `cargo xtask run` compiles nothing that takes long and is not needed to run a micro-app.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::problem::Problem;
use crate::cargo::{HOST, cargo, shell};
use crate::fault::list;
use crate::project::Project;

/// Packages that are also tested alone.
const ALONE: [&str; 4] = [
    "fractalaw-host",
    "fractalaw-cli",
    "fractalaw-fuzz",
    "fractalaw-tests",
];

/// What takes long to compile, and what to do without it.
const HEAVY: [(&str, &str); 3] = [
    (
        "arrow-array",
        "read and write Arrow streams with `fractalaw-arrow`; tests may hold it against Arrow's own crates",
    ),
    (
        "adbc_core",
        "load drivers in `fractalaw-adbc`, a program of its own",
    ),
    (
        "parquet",
        "export from `fractalaw-auditor`, a program of its own",
    ),
];

/// Where features are unified. The tests of other packages depend on it.
const MANIFEST: &str = "host/testing/Cargo.toml";

/// Each package as `cargo tree` names it, with each list of features that it is compiled with.
type Features<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

pub(super) fn check(project: &Project, problems: &mut Vec<Problem>) -> Result<()> {
    if !project.root.join(MANIFEST).is_file() {
        return Ok(());
    }
    let tested = tree(project, &HOST, "normal,dev")?;
    let tested = features(&tested);
    let run = tree(project, &HOST, "normal")?;
    let run = features(&run);
    light(&run, problems);
    compare("`cargo xtask run`", &run, &tested, problems);
    for package in ALONE {
        let alone = tree(project, &["-p", package], "normal,dev")?;
        let of = format!("`cargo test -p {package}`");
        compare(&of, &features(&alone), &tested, problems);
    }
    Ok(())
}

/// Not `--offline`: on a fresh clone this is the first command that needs the host's dependencies. If they are
/// there, a locked `cargo tree` does not use the network.
fn tree(project: &Project, packages: &[&str], edges: &str) -> Result<String> {
    let shell = shell(project)?;
    cargo(&shell, "tree")
        .args(["--quiet", "--locked", "--prefix", "none"])
        .args(["--format", "{p}|{f}", "--edges", edges])
        .args(packages)
        .quiet()
        .read()
        .context("cannot tell the features of the host's dependencies")
}

fn features(tree: &str) -> Features<'_> {
    let mut features = Features::new();
    for line in tree.lines() {
        // A package that was listed before has this mark.
        let line = line.strip_suffix(" (*)").unwrap_or(line);
        if let Some((package, list)) = line.split_once('|') {
            features.entry(package).or_default().insert(list);
        }
    }
    features
}

/// Finds what makes the first `cargo xtask run` slow.
fn light(run: &Features<'_>, problems: &mut Vec<Problem>) {
    for package in run.keys() {
        let name = package.split(' ').next().unwrap_or(package);
        if let Some((_, instead)) = HEAVY.iter().find(|(heavy, _)| *heavy == name) {
            problems.push(Problem::new(
                format!("`cargo xtask run` compiles `{package}`"),
                *instead,
            ));
        }
    }
}

fn compare(of: &str, selected: &Features<'_>, tested: &Features<'_>, problems: &mut Vec<Problem>) {
    for (package, lists) in selected {
        let in_tests = tested.get(package).cloned().unwrap_or_default();
        for features in lists.difference(&in_tests) {
            let name = package.split(' ').next().unwrap_or(package);
            problems.push(Problem::new(
                format!(
                    "`{package}` has the features {} in {of}, and {} in `cargo xtask test`",
                    shown(features),
                    list_of(&in_tests)
                ),
                format!(
                    "make `{name}` a dependency in `{MANIFEST}` with the features of the tests, as \
                     `arbitrary` is there; otherwise Wasmtime is compiled twice"
                ),
            ));
        }
    }
}

fn list_of(lists: &BTreeSet<&str>) -> String {
    let lists: Vec<_> = lists.iter().map(|features| shown(features)).collect();
    lists.join(" or ")
}

fn shown(features: &str) -> String {
    list(features.split(',').filter(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::{compare, features, light};

    #[test]
    fn what_takes_long_to_compile_is_found() {
        let run = "host v0.1.0 (/host)|\narrow-array v60.1.0|\narrow-schema v60.1.0|\n";
        let mut problems = Vec::new();
        light(&features(run), &mut problems);
        let found: Vec<&str> = problems
            .iter()
            .map(|problem| problem.what.as_str())
            .collect();
        assert_eq!(found, ["`cargo xtask run` compiles `arrow-array v60.1.0`"]);
    }

    #[test]
    fn a_feature_that_only_the_tests_turn_on_is_found() {
        let alone =
            "host v0.1.0 (/host)|\nmemchr v2.7.0|alloc\nserde v1.0.0|std\nserde v1.0.0|std (*)\n";
        let tested = "tests v0.1.0 (/tests)|\nhost v0.1.0 (/host)|\nmemchr v2.7.0|alloc,std\n\
                      serde v1.0.0|std\nserde v1.0.0|\n";
        let mut problems = Vec::new();
        compare(
            "`cargo xtask run`",
            &features(alone),
            &features(tested),
            &mut problems,
        );
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].what,
            "`memchr v2.7.0` has the features `alloc` in `cargo xtask run`, and `alloc`, `std` \
             in `cargo xtask test`"
        );
        problems.clear();
        compare("", &features(alone), &features(alone), &mut problems);
        assert!(problems.is_empty());
    }
}
