//! `cargo xtask new`: makes a guest that builds, and a first case that passes; or a repository for guests of one's own.

// From the ground up, as in `lib.rs`.
mod name;

mod repository;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

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
use crate::language::{Language, Template};
use crate::lock::Lock;
use crate::project::{Project, is_library, read_toml};
use crate::totals::Totals;

/// A file of a new guest, and its text. `{name}` stands for the guest's name.
type File = (&'static str, &'static str);

/// The first case.
const CASE: File = (
    "tests/cases/{name}/default.toml",
    include_str!("../templates/default.toml"),
);

/// The files of a guest in Rust without the standard library.
const LEAN: [File; 3] = [
    (
        "guests/{name}/Cargo.toml",
        include_str!("../templates/lean/manifest.toml"),
    ),
    (
        "guests/{name}/build.rs",
        include_str!("../templates/lean/build.rs"),
    ),
    (
        "guests/{name}/src/lib.rs",
        include_str!("../templates/lean/lib.rs"),
    ),
];

/// The files of a guest in a language; `None` for Rust, which can do without its standard library. The library that our guests
/// share is not in another repository.
fn templates(project: &Project, language: Option<Template>, is_lean: bool) -> Vec<File> {
    if is_lean {
        return LEAN.into_iter().chain([CASE]).collect();
    }
    let own = match language {
        None if !project.is_ours() => [
            (
                "guests/{name}/Cargo.toml",
                include_str!("../templates/elsewhere/manifest.toml"),
            ),
            (
                "guests/{name}/src/lib.rs",
                include_str!("../templates/elsewhere/lib.rs"),
            ),
        ],
        None => [
            (
                "guests/{name}/Cargo.toml",
                include_str!("../templates/manifest.toml"),
            ),
            (
                "guests/{name}/src/lib.rs",
                include_str!("../templates/lib.rs"),
            ),
        ],
        Some(Template::C) => [
            (
                "guests/c/{name}/micro-app.toml",
                include_str!("../templates/c/micro-app.toml"),
            ),
            (
                "guests/c/{name}/main.c",
                include_str!("../templates/c/main.c"),
            ),
        ],
        Some(Template::JavaScript) => [
            (
                "guests/javascript/{name}/micro-app.toml",
                include_str!("../templates/javascript/micro-app.toml"),
            ),
            (
                "guests/javascript/{name}/app.js",
                include_str!("../templates/javascript/app.js"),
            ),
        ],
        Some(Template::Python) => [
            (
                "guests/python/{name}/micro-app.toml",
                include_str!("../templates/python/micro-app.toml"),
            ),
            (
                "guests/python/{name}/app.py",
                include_str!("../templates/python/app.py"),
            ),
        ],
        Some(Template::TypeScript) => [
            (
                "guests/javascript/{name}/micro-app.toml",
                include_str!("../templates/typescript/micro-app.toml"),
            ),
            (
                "guests/javascript/{name}/main.ts",
                include_str!("../templates/typescript/main.ts"),
            ),
        ],
    };
    own.into_iter().chain([CASE]).collect()
}

/// Runs the command.
pub(crate) fn run(project: &Project, flags: &flags::New) -> Result<ExitCode> {
    if let Some(path) = &flags.repository {
        return repository::run(project, flags, path);
    }
    let name = flags.name.as_deref().unwrap_or_default();
    in_ci::writes_nothing("cargo xtask new")?;
    check(project, name)?;
    let lock = project.root.join("Cargo.lock");
    let lock_before = digest::file(&lock)?;
    if flags.lean && !project.is_ours() {
        return Err(Fault::new(
            USAGE,
            "`--lean` is not for this workspace: such a guest uses a library of Fractalaw's repository",
        )
        .hint("leave it out")
        .into());
    }
    if flags.language.is_none() && !project.is_ours() {
        has_host_for_tests(project)?;
    }
    let texts = templates(project, flags.language, flags.lean);
    let language = flags.language.map(Template::language);
    let mut made = make(project, name, language, texts)?;
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

/// Fails if the repository does not depend on what the unit tests of a new guest have in place of a host. One that was made before
/// they had it does not.
fn has_host_for_tests(project: &Project) -> Result<()> {
    let cargo = read_toml(&project.root.join("Cargo.toml"))?;
    let dependencies = (cargo.get("workspace")).and_then(|workspace| workspace.get("dependencies"));
    if dependencies.is_some_and(|dependencies| dependencies.get(HOST_FOR_TESTS).is_some()) {
        return Ok(());
    }
    let what = format!(
        "`Cargo.toml` has no `{HOST_FOR_TESTS}` in `[workspace.dependencies]`, which the unit tests of a new guest use"
    );
    Err(Fault::new(USAGE, what)
        .hint(
            "add it beside `fractalaw-xtask`, with the same `git` and `rev`, or with the `path` of `guests/lib-micro-app` in the \
             same clone",
        )
        .into())
}

/// The library with a host in memory.
const HOST_FOR_TESTS: &str = "lib-micro-app";

/// Makes all of the files or none, and returns their paths. If a folder in `guests/` has no manifest or no
/// source, cargo refuses the whole workspace. So the files are written outside of it and then renamed, the guest
/// last.
fn make(
    project: &Project,
    name: &str,
    language: Option<Language>,
    texts: Vec<File>,
) -> Result<Vec<String>> {
    let made: Vec<String> = texts.iter().map(|(path, _)| fill(path, name)).collect();
    let aside = tempfile::Builder::new()
        .prefix(name::ASIDE)
        .tempdir_in(&project.root)
        .with_context(|| format!("cannot write into `{}`", project.root.display()))?;
    for (path, (_, text)) in made.iter().zip(texts) {
        write_atomically(&aside.path().join(path), fill(text, name).as_bytes())?;
    }
    let case = format!("tests/cases/{name}");
    let guest = match language {
        None => format!("guests/{name}"),
        Some(language) => format!("guests/{}/{name}", language.folder()),
    };
    let put = |folder: &String| {
        let to = project.root.join(folder);
        fs::create_dir_all(to.parent().unwrap_or(&project.root))
            .and_then(|()| fs::rename(aside.path().join(folder), &to))
            .with_context(|| format!("cannot make `{}`", to.display()))
    };
    put(&case)?;
    if let Err(error) = put(&guest) {
        // The first error is reported.
        let _ = fs::remove_dir_all(project.root.join(&case));
        return Err(error);
    }
    Ok(made)
}

fn fill(text: &str, name: &str) -> String {
    text.replace("{name}", name)
}

fn check(project: &Project, name: &str) -> Result<()> {
    if !name::is_kebab(name) {
        return Err(
            Fault::new(USAGE, format!("`{name}` is no name for a guest"))
                .hint(
                    "use lower-case words and digits with `-` between them, such as `duty-finder`",
                )
                .into(),
        );
    }
    if is_library(name) {
        let why = "a library that guests share begins with `lib-`";
        return Err(taken(name, why, OTHER_NAME));
    }
    if let Some(language) = Language::ALL.into_iter().find(|one| one.folder() == name) {
        let why = format!("the folder of guests in {language} is called so");
        return Err(taken(name, &why, OTHER_NAME));
    }
    let exists = |room: &str| match room {
        "guests" => project.guest_folder(name).exists(),
        room => project.root.join(room).join(name).exists(),
    };
    for (room, hint) in [
        ("guests", hint_for_guest(name, &exists)),
        ("tests/cases", hint_for_case(name)),
        // The snapshots of a group and a guest would be in the same folder.
        ("tests/fixtures", OTHER_NAME.to_owned()),
    ] {
        if exists(room) {
            let folder = match room {
                "guests" => project.guest_folder(name),
                room => project.root.join(room).join(name),
            };
            let shown = project.relative(&folder).display();
            return Err(taken(name, &format!("`{shown}` exists"), &hint));
        }
    }
    // `cargo build -p NAME` must mean the guest and nothing else.
    let lock = Lock::read(&project.root)?;
    let is_package = lock.packages.iter().any(|package| package.name == name);
    if is_package || name::RESERVED.contains(&name) {
        let why = "a package, a binary, a folder of cargo's, or a group of tests is called so";
        return Err(taken(name, why, OTHER_NAME));
    }
    Ok(())
}

const OTHER_NAME: &str = "choose another name";

/// If `new` was interrupted while it built a guest, that guest has a case and no snapshot.
fn hint_for_guest(name: &str, exists: &impl Fn(&str) -> bool) -> String {
    if exists("tests/cases") && !exists("tests/snapshots") {
        return format!(
            "it has a case and no snapshot yet, which `cargo xtask test {name} --accept` writes; or {OTHER_NAME}"
        );
    }
    OTHER_NAME.to_owned()
}

/// It has no guest: this was checked before.
fn hint_for_case(name: &str) -> String {
    format!("it has no guest: delete it (`rm -r tests/cases/{name}`), or {OTHER_NAME}")
}

fn taken(name: &str, why: &str, hint: &str) -> anyhow::Error {
    Fault::new(USAGE, format!("the name `{name}` is taken: {why}"))
        .hint(hint)
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
