//! `cargo xtask new`: makes a guest that builds, and a first case that passes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::build_guests;
use crate::cargo::shell;
use crate::cargo_test::run_tests;
use crate::cases::asked::Asked;
use crate::cases::harness::{Snapshots, cases};
use crate::digest;
use crate::fault::{Fault, USAGE};
use crate::files::write_atomically;
use crate::flags;
use crate::in_ci;
use crate::lock::Lock;
use crate::project::{Project, is_library};
use crate::totals::Totals;

/// Names that cargo, rustc or the commands here would mistake for something else.
const RESERVED: [&str; 15] = [
    "alloc",
    "build",
    "core",
    "debug",
    "deps",
    "examples",
    // The host's program, which is not named like its package.
    "fractalaw",
    "guest",
    // The names of the harness's own tests.
    "harness",
    "incremental",
    "inventory",
    "proc-macro",
    "release",
    "std",
    "test",
];

/// The files of a guest. `{name}` stands for its name.
const FILES: [(&str, &str); 3] = [
    (
        "guests/{name}/Cargo.toml",
        include_str!("../templates/manifest.toml"),
    ),
    (
        "guests/{name}/src/lib.rs",
        include_str!("../templates/lib.rs"),
    ),
    (
        "tests/cases/{name}/default.toml",
        include_str!("../templates/default.toml"),
    ),
];

/// Runs the command.
pub(crate) fn run(project: &Project, flags: &flags::New) -> Result<ExitCode> {
    let name = flags.name.as_str();
    in_ci::writes_nothing("cargo xtask new")?;
    check(project, name)?;
    let lock = project.root.join("Cargo.lock");
    let lock_before = digest::file(&lock)?;
    let mut made = Vec::new();
    for (path, text) in FILES {
        let path = fill(path, name);
        write_atomically(&project.root.join(&path), fill(text, name).as_bytes())?;
        made.push(path);
    }
    build_guests::ensure(project, &[name.to_owned()])?;

    let before = files(&project.root.join("tests"));
    let shell = shell(project)?;
    let asked = Asked::Cases(vec![name.to_owned()]);
    let cases = cases(project, &shell, Snapshots::Accept, &asked, &[]);
    if !run_tests(cases, &mut Totals::default())? {
        bail!(
            "the first case of `{name}` does not pass\nhint: run `cargo xtask test {name}` to see why"
        );
    }
    let written = files(&project.root.join("tests"));
    made.extend(
        written
            .difference(&before)
            .map(|path| project.relative(path).display().to_string()),
    );

    println!("made the guest `{name}`:");
    for path in made {
        println!("    {path}");
    }
    if digest::file(&lock)? != lock_before {
        println!("changed, because cargo lists the guest in it:");
        println!("    {}", project.relative(&lock).display());
    }
    println!("\nnext:");
    println!("    cargo xtask run {name}");
    println!("    cargo xtask test {name}");
    println!(
        "    cargo xtask test {name} --accept    once a change of what it does or costs is meant"
    );
    Ok(ExitCode::SUCCESS)
}

fn fill(text: &str, name: &str) -> String {
    text.replace("{name}", name)
}

fn check(project: &Project, name: &str) -> Result<()> {
    let kebab = name.split('-').all(|word| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    });
    if !kebab || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(
            Fault::new(USAGE, format!("`{name}` is no name for a guest"))
                .hint(
                    "use lower-case words and digits with `-` between them, such as `duty-finder`",
                )
                .into(),
        );
    }
    if is_library(name) {
        return Err(taken(
            name,
            "a library that guests share begins with `lib-`",
        ));
    }
    for folder in [
        project.root.join("guests").join(name),
        project.root.join("tests/cases").join(name),
        // The snapshots of a group and a guest would be in the same folder.
        project.root.join("tests/fixtures").join(name),
    ] {
        if folder.exists() {
            return Err(taken(
                name,
                &format!("`{}` exists", project.relative(&folder).display()),
            ));
        }
    }
    // `cargo build -p NAME` must mean the guest and nothing else.
    let lock = Lock::read(&project.root)?;
    let is_package = lock.packages.iter().any(|package| package.name == name);
    if is_package || RESERVED.contains(&name) {
        return Err(taken(
            name,
            "a package, a binary, or a folder of cargo's is called so",
        ));
    }
    Ok(())
}

fn taken(name: &str, why: &str) -> anyhow::Error {
    Fault::new(USAGE, format!("the name `{name}` is taken: {why}"))
        .hint("choose another name")
        .into()
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let Ok(entries) = folder.read_dir() else {
        return found;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path);
        }
    }
    found
}
