//! Rule: what must compile in seconds, or must be light, does not depend on heavy crates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;

use super::problem::Problem;
use crate::lock::Lock;

/// A package, what it must not depend on, and what to do instead.
const AVOIDS: [(&str, &str, &str); 16] = [
    (
        "xtask",
        "wasmtime",
        "let `xtask` start the host's binary instead",
    ),
    (
        "fractalaw-host",
        "clap",
        "read flags in `host/cli`, the program: an embedder has none",
    ),
    (
        "fractalaw-host",
        "tracing-subscriber",
        "start the log in `host/cli`, the program: an embedder has its own",
    ),
    (
        "fractalaw-host",
        "adbc_core",
        "load drivers in `fractalaw-adbc`, a program of its own",
    ),
    (
        "fractalaw-cli",
        "hyper",
        "let what serves stand in `fractalaw-serve`, a program of its own",
    ),
    (
        "fractalaw-cli",
        "rten",
        "run models in `fractalaw-models`, a program of its own",
    ),
    (
        "fractalaw-models",
        "wasmtime",
        "let a host ask this program: it links no runtime",
    ),
    (
        "fractalaw-adbc-client",
        "adbc_core",
        "load drivers in `fractalaw-adbc`, a program of its own",
    ),
    (
        "fractalaw-auditor",
        "wasmtime",
        "let what both need stand in `fractalaw-ledger` or `fractalaw-manifest`",
    ),
    (
        "fractalaw-events-engine",
        "fractalaw-host",
        "let the capability in `host/events`, or the supervisor, know both",
    ),
    (
        "fractalaw-cli",
        "async-nats",
        "connect to a set in `fractalaw-nats`, a program of its own",
    ),
    (
        "fractalaw-cli",
        "ureq",
        "ask registries in `fractalaw-registry`, a program of its own",
    ),
    (
        "fractalaw-registry",
        "wasmtime",
        "let the host load components: this program links no runtime",
    ),
    (
        "fractalaw-nats",
        "wasmtime",
        "let the supervisor run micro-apps: this program links no runtime",
    ),
    (
        "fractalaw-ledger",
        "arrow-array",
        "export from `fractalaw-auditor`, which the host does not link",
    ),
    (
        "fractalaw-ledger",
        "parquet",
        "export from `fractalaw-auditor`, which the host does not link",
    ),
];

pub(super) fn check(root: &Path, problems: &mut Vec<Problem>) -> Result<()> {
    let lock = Lock::read(root)?;
    let graph = graph(&lock);
    for (from, avoids, instead) in AVOIDS {
        if let Some(path) = path(&graph, from, avoids) {
            problems.push(Problem::new(
                format!("`{from}` depends on `{avoids}`: {}", path.join(" -> ")),
                instead,
            ));
        }
    }
    Ok(())
}

/// Dependencies by name. Versions of one package count as one, which is enough to prove absence.
fn graph(lock: &Lock) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in &lock.packages {
        graph
            .entry(&package.name)
            .or_default()
            .extend(package.needs());
    }
    graph
}

/// How one package depends on another, if it does.
fn path<'a>(
    graph: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    from: &'a str,
    to: &str,
) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::from([from]);
    let mut paths = vec![vec![from]];
    while let Some(path) = paths.pop() {
        let last = *path.last()?;
        if last == to {
            return Some(path);
        }
        for next in graph.get(last).into_iter().flatten() {
            if seen.insert(next) {
                paths.push(path.iter().copied().chain([*next]).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Lock, graph, path};

    #[test]
    fn a_dependency_is_found_through_others() {
        let lock = Lock::parse(
            r#"
            package = [
                { name = "xtask", dependencies = ["a", "b 1.0.0"] },
                { name = "a", dependencies = ["xtask"] },
                { name = "b", dependencies = ["wasmtime 48.0.0 (registry)"] },
                { name = "wasmtime" },
            ]
        "#,
        )
        .unwrap();
        let graph = graph(&lock);
        assert_eq!(
            path(&graph, "xtask", "wasmtime"),
            Some(vec!["xtask", "b", "wasmtime"])
        );
        assert_eq!(
            path(&graph, "a", "wasmtime"),
            Some(vec!["a", "xtask", "b", "wasmtime"])
        );
        assert_eq!(path(&graph, "wasmtime", "xtask"), None);
    }
}
