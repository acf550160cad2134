//! Rule: the files of a crate have an order, from the ground up, and no file uses one that comes after it.
//!
//! The order is that of the `mod` lines, from top to bottom. A module may use modules of earlier groups, and
//! modules of its own group that do not use it in turn. Blank lines separate groups, because the formatter sorts
//! the lines of one group. A folder counts as one module. Its head, the file that lists its files, uses them, or
//! they use it, but not both. A name that a head only passes on counts as a name of its origin. Code that is
//! compiled for tests only is exempt.

// From the ground up.
mod tokens;

mod cursor;

mod source;

mod modules;

mod order;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::problem::Problem;
use crate::fault::list;
use modules::{Module, Modules};
use order::{Siblings, Upward, Use};

/// Checks every crate that runs on this machine.
pub(super) fn check(root: &Path, files: &BTreeSet<PathBuf>, problems: &mut Vec<Problem>) {
    for file in files.iter().filter(|file| is_root(file, files)) {
        check_crate(&Modules::read(root, file), problems);
    }
}

/// Whether the file is the root of a crate that runs on this machine. Guests are small, and belong to their
/// authors.
fn is_root(file: &Path, files: &BTreeSet<PathBuf>) -> bool {
    let Some(package) = file
        .parent()
        .filter(|folder| folder.ends_with("src"))
        .and_then(Path::parent)
    else {
        return false;
    };
    let is_root = file.ends_with("lib.rs") || file.ends_with("main.rs");
    is_root && !file.starts_with("guests") && files.contains(&package.join("Cargo.toml"))
}

fn check_crate(modules: &Modules, problems: &mut Vec<Problem>) {
    for (head, siblings) in by_head(modules) {
        let shown = path(modules, head).display();
        for circle in siblings.circles() {
            problems.push(Problem::new(
                siblings.said(&circle),
                match circle.contains(&head) {
                    true => of_head(modules, head, &siblings, &circle),
                    false => {
                        format!("move what they share into a file that `{shown}` lists above them")
                    }
                },
            ));
        }
        for (used, passed) in siblings.through(modules, head) {
            problems.push(Problem::new(
                format!("{}, and {}, which `{shown}` lists further down", used.said(), passed.said()),
                format!("`{shown}` lists its modules from the ground up: move what is used into a file further up"),
            ));
        }
        for Upward { from, to, used } in siblings.upward(modules, head) {
            let name = |module: &Module| module.last().cloned().unwrap_or_default();
            problems.push(Problem::new(
                format!("{}, which `{shown}` lists further down", used.said()),
                format!(
                    "`{shown}` lists its modules from the ground up: move what is used into a file further up, or \
                     `mod {}` below `mod {}`",
                    name(from),
                    name(to)
                ),
            ));
        }
    }
}

fn path<'a>(modules: &'a Modules, module: &Module) -> &'a Path {
    modules
        .file(module)
        .map_or(Path::new(""), |file| &file.path)
}

/// What the files of a crate use of each other, by the head that lists both, or that lists one and is the other.
fn by_head(modules: &Modules) -> BTreeMap<&Module, Siblings<'_>> {
    let mut heads: BTreeMap<&Module, Siblings<'_>> = BTreeMap::new();
    for (from, to, used) in uses(modules) {
        let (way, other) = (modules.way_to(from), modules.way_to(to));
        let shared = way.iter().zip(&other).take_while(|(one, two)| one == two);
        if let Some((index, (head, _))) = shared.enumerate().last() {
            let (from, to) = (way.get(index + 1), other.get(index + 1));
            let siblings = heads.entry(head).or_default();
            siblings.add(from.unwrap_or(head), to.unwrap_or(head), used);
        }
    }
    heads
}

/// What the files of a crate use of each other, in the order of the files.
fn uses(modules: &Modules) -> Vec<(&Module, &Module, Use<'_>)> {
    let mut found = Vec::new();
    for (module, file) in modules.iter() {
        let mut used: BTreeMap<&Module, BTreeSet<String>> = BTreeMap::new();
        let others = file.source.paths.iter();
        let others = others.filter_map(|named| modules.resolve(module, named));
        for (other, names) in others.filter(|(other, _)| *other != module) {
            // The root of the crate has no name of its own.
            let name = names.first().or(other.last()).map_or("crate", |name| name);
            used.entry(other).or_default().insert(name.to_owned());
        }
        found.extend(used.into_iter().map(|(other, names)| {
            let (from, to) = (&*file.path, path(modules, other));
            (module, other, Use { from, to, names })
        }));
    }
    found
}

/// What to do about a circle that contains a head. If the head only passes a name on, this is the place where the
/// name comes from.
fn of_head(
    modules: &Modules,
    head: &Module,
    siblings: &Siblings<'_>,
    circle: &[&Module],
) -> String {
    let exported = |name: &String| {
        let paths = &modules.file(head)?.source.paths;
        let named = paths
            .iter()
            .find(|named| named.is_exported && named.path.last() == Some(name))?;
        let (module, names) = modules.resolve(head, named)?;
        Some(match module == head {
            // Another crate's.
            true => named.path.join("::"),
            false => [&["crate".to_owned()], &**module, &names]
                .concat()
                .join("::"),
        })
    };
    let uses = circle
        .iter()
        .flat_map(|module| siblings.between(module, head));
    let places: BTreeSet<String> = uses
        .flat_map(|used| &used.names)
        .filter_map(exported)
        .collect();
    if places.is_empty() {
        return format!(
            "move what they share out of `{}` into a file that it lists",
            path(modules, head).display()
        );
    }
    format!("name the place that it comes from: {}", list(places))
}
