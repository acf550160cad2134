//! Rules about guests: each declares itself, and each is tested.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use toml::Value;

use super::problem::Problem;
use crate::guest::{Guest, gives_a_module, library_name};
use crate::language::MANIFEST;
use crate::project::{Project, read_toml};

pub(super) fn check(project: &Project, problems: &mut Vec<Problem>) -> Result<()> {
    for name in project.libraries()? {
        let file = format!("guests/{name}/Cargo.toml");
        if read_toml(&project.root.join(&file)).is_ok_and(|cargo| gives_a_module(&cargo)) {
            problems.push(Problem::new(
                format!(
                    "`{file}` makes a WebAssembly module, expected a library that guests share"
                ),
                "take `crate-type` out of it, or give the guest a name without `lib-`",
            ));
        }
    }
    let mut libraries = BTreeMap::new();
    for name in project.guests()? {
        if project.language(&name).is_some() {
            in_another_language(project, &name, problems);
            continue;
        }
        let file = format!("guests/{name}/Cargo.toml");
        // `manifests` reports a file that cannot be read.
        let Ok(cargo) = read_toml(&project.root.join(&file)) else {
            continue;
        };
        let library = library_name(&cargo, &name);
        if let Some(other) = libraries.insert(library.clone(), name.clone()) {
            problems.push(Problem::new(
                format!("the guests `{other}` and `{name}` both call their library `{library}`"),
                "give one of them another `name` in `[lib]`: plain `cargo build` writes both to one file",
            ));
        }
        let package = cargo.get("package");
        if package
            .and_then(|package| package.get("metadata")?.get("micro-app"))
            .is_none()
        {
            problems.push(Problem::new(
                format!("`{file}` has no `[package.metadata.micro-app]`"),
                "add it, with `tier = \"lightweight\"` unless the guest needs more",
            ));
        }
        let is_part = match Guest::read(project, &name) {
            Ok(guest) => guest.build.part,
            Err(error) => {
                problems.push(unreadable(&error));
                false
            }
        };
        if package
            .and_then(|package| package.get("description"))
            .and_then(Value::as_str)
            .is_none()
        {
            problems.push(Problem::new(
                format!("`{file}` has no `description`"),
                "say in one line what the guest shows or guards",
            ));
        }
        // The harness says which parts nothing tests.
        if !is_part {
            has_a_case(project, &name, problems);
        }
    }
    Ok(())
}

/// Its build reads the rest.
fn in_another_language(project: &Project, name: &str, problems: &mut Vec<Problem>) {
    let read = Guest::read(project, name);
    // The harness says which parts nothing tests.
    if !read.as_ref().is_ok_and(|guest| guest.build.part) {
        has_a_case(project, name, problems);
    }
    match read {
        Err(error) => problems.push(unreadable(&error)),
        Ok(guest) if guest.description.is_none() => {
            let file = project.guest_folder(name).join(MANIFEST);
            problems.push(Problem::new(
                format!(
                    "`{}` has no `description`",
                    project.relative(&file).display()
                ),
                "say in one line what the guest shows or guards",
            ));
        }
        Ok(_) => {}
    }
}

/// The error has a hint of its own.
fn unreadable(error: &anyhow::Error) -> Problem {
    let text = format!("{error:#}");
    let (what, hint) = text
        .split_once("\nhint: ")
        .unwrap_or((&text, "correct the file"));
    Problem::new(what, hint)
}

fn has_a_case(project: &Project, name: &str, problems: &mut Vec<Problem>) {
    if !has_case(&project.root.join("tests/cases").join(name)) {
        problems.push(Problem::new(
            format!("the guest `{name}` has no case"),
            format!("add `tests/cases/{name}/default.toml`, with `about = \"what it shows\"`"),
        ));
    }
}

fn has_case(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "toml")
        })
    })
}
