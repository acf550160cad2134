//! `Cargo.lock`: all packages, and what each depends on.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::digest;

/// The file, as far as it is read here.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Lock {
    #[serde(default, rename = "package")]
    pub(crate) packages: Vec<Package>,
}

/// One version of a package.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    #[serde(default)]
    version: String,
    /// Empty for a package of the workspace.
    #[serde(default)]
    source: String,
    #[serde(default)]
    checksum: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Lock {
    /// Reads the file at the root of a workspace. If it does not exist yet, nothing is locked.
    pub(crate) fn read(root: &Path) -> Result<Lock> {
        let path = root.join("Cargo.lock");
        match fs::read_to_string(&path) {
            Ok(text) => {
                Lock::parse(&text).with_context(|| format!("cannot read `{}`", path.display()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Lock::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Lock> {
        toml::from_str(text).context("not a lock file of cargo's")
    }

    /// The digest of a package with everything that it depends on, directly or not: names, versions, sources and
    /// checksums.
    pub(crate) fn digest(&self, package: &str) -> String {
        let parts = self.with_all_that_it_needs(package);
        let lines: Vec<String> = parts.into_iter().map(|part| part.join(" ")).collect();
        digest::bytes(lines.join("\n").as_bytes())
    }

    /// The package itself and those that it depends on, directly or not, which come from no registry: their sources are at
    /// paths.
    pub(crate) fn written_here(&self, package: &str) -> BTreeSet<&str> {
        let parts = self.with_all_that_it_needs(package).into_iter();
        let at_paths = parts.filter(|[_, _, source, _]| source.is_empty());
        at_paths.map(|[name, ..]| name).collect()
    }

    /// Name, version, source and checksum of each.
    fn with_all_that_it_needs(&self, package: &str) -> BTreeSet<[&str; 4]> {
        let mut open: Vec<&Package> = self.find(package).collect();
        let mut parts = BTreeSet::new();
        while let Some(package) = open.pop() {
            let part = [
                &*package.name,
                &*package.version,
                &*package.source,
                &*package.checksum,
            ];
            if parts.insert(part) {
                open.extend(
                    package
                        .dependencies
                        .iter()
                        .flat_map(|needed| self.find(needed)),
                );
            }
        }
        parts
    }

    /// The packages that a dependency may mean: `name`, `name version` or `name version (source)`, as much as is
    /// needed to distinguish it.
    fn find(&self, needed: &str) -> impl Iterator<Item = &Package> {
        let mut words = needed.split(' ');
        let name = words.next().unwrap_or_default();
        let version = words.next();
        let source = words.next().map(|source| source.trim_matches(['(', ')']));
        self.packages.iter().filter(move |package| {
            package.name == name
                && version.is_none_or(|version| package.version == version)
                && source.is_none_or(|source| package.source == source)
        })
    }
}

impl Package {
    /// The names of the packages that it depends on.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &str> {
        let first = |needed: &'_ String| needed.find(' ').unwrap_or(needed.len());
        self.dependencies
            .iter()
            .map(move |needed| &needed[..first(needed)])
    }
}

#[cfg(test)]
mod tests {
    use super::Lock;

    const LOCK: &str = r#"
        version = 4
        package = [
            { name = "left", version = "0.1.0", dependencies = ["shared 1.0.0", "own"] },
            { name = "right", version = "0.1.0", dependencies = ["shared 2.0.0 (registry+https://b)"] },
            { name = "own", version = "0.1.0", dependencies = ["left"] },
            { name = "shared", version = "1.0.0", source = "registry+https://a", checksum = "11" },
            { name = "shared", version = "2.0.0", source = "registry+https://a", checksum = "22" },
            { name = "shared", version = "2.0.0", source = "registry+https://b", checksum = "33" },
        ]
    "#;

    #[test]
    fn what_is_written_here_comes_from_no_registry() {
        let lock = Lock::parse(LOCK).unwrap();
        for (package, expected) in [
            ("left", &["left", "own"][..]),
            ("right", &["right"]),
            ("own", &["left", "own"]),
        ] {
            let found: Vec<&str> = lock.written_here(package).into_iter().collect();
            assert_eq!(found, expected, "{package}");
        }
    }

    #[test]
    fn only_what_a_package_is_made_of_counts() {
        let digests = |text: &str| {
            let lock = Lock::parse(text).unwrap();
            (lock.digest("left"), lock.digest("right"))
        };
        let (left, right) = digests(LOCK);
        // What is changed, and whether the change counts for each of the two.
        for (from, to, of_left, of_right) in [
            ("\"11\"", "\"44\"", true, false),
            ("\"22\"", "\"44\"", false, false),
            ("\"33\"", "\"44\"", false, true),
            ("[\"left\"]", "[\"shared 2.0.0\"]", true, false),
            ("\"own\"]", "\"own\", \"right\"]", true, false),
            ("name = \"own\"", "name = \"other\"", true, false),
            ("version = 4", "version = 3", false, false),
        ] {
            let (now_left, now_right) = digests(&LOCK.replace(from, to));
            assert_eq!(
                (now_left != left, now_right != right),
                (of_left, of_right),
                "{to}"
            );
        }
    }
}
