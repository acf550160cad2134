//! The rules of `tidy`: this repository follows them, and each breach is found.

use std::process::Command;

use crate::guests::{cargo_toml, saying};
use crate::scratch::{Scratch, repository};

#[test]
fn this_repository_is_tidy() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("tidy")
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn every_breach_is_named_with_what_to_do() {
    let scratch = Scratch::new();
    let head = "//! A file.\n";
    let cases = [
        ("host/src/a.rs", "fn a() {}\n".to_owned(), "`host/src/a.rs` does not begin with `//!`"),
        ("host/src/b/mod.rs", head.to_owned(), "`host/src/b/mod.rs` is a `mod.rs`"),
        (
            "host/src/c.rs",
            format!("{head}{}", "// Long.\n".repeat(400)),
            "`host/src/c.rs` has 401 lines, expected at most 400",
        ),
        (
            "host/src/d.rs",
            format!("{head}{}unused)]\n", concat!("#[al", "low(")),
            concat!("`host/src/d.rs`:2: `[al", "low(` is not used here"),
        ),
        (
            "host/src/e.rs",
            format!("{head}{}1);\n", concat!("db", "g!(")),
            concat!("`host/src/e.rs`:2: `db", "g!(` is not used here"),
        ),
        (
            "README.md",
            format!("See `{}somebody`.\n", concat!("/ho", "me/")),
            concat!("`README.md`:1: `/ho", "me/` is a folder of one machine"),
        ),
        ("wit/extra.wit", "// Blank \n".into(), "`wit/extra.wit`:1: white space at the end of the line"),
        ("tests/cases/a/default.toml", "a = 1".into(), "`tests/cases/a/default.toml` does not end with a newline"),
        ("tests/cases/b/default.toml", "a = 1\n\n".into(), "`tests/cases/b/default.toml` ends with an empty line"),
        ("stray/file.txt", String::new(), "`stray` stands at the top level"),
        ("guests/untidy/Cargo.toml", cargo_toml("untidy", ""), "`guests/untidy/Cargo.toml` has no `[package.metadata.micro-app]`"),
        (
            "guests/lib-untidy/Cargo.toml",
            cargo_toml("lib-untidy", ""),
            "`guests/lib-untidy/Cargo.toml` makes a WebAssembly module, expected a library that guests share",
        ),
        ("guests/untidy/src/lib.rs", saying(""), "the guest `untidy` has no case"),
        (
            "xtask/templates/Cargo.toml",
            "[package]\nname = \"{name}\"\n".into(),
            "`xtask/templates/Cargo.toml` is the manifest of no package",
        ),
        (
            "Cargo.lock",
            "[[package]]\nname = \"xtask\"\nversion = \"0.1.0\"\ndependencies = [\n \"wasmtime\",\n]\n".into(),
            "`xtask` depends on `wasmtime`: xtask -> wasmtime",
        ),
    ];
    for (file, text, _) in &cases {
        scratch.write(file, text);
    }
    let ended = scratch.xtask(["tidy"]);
    assert_eq!(ended.code, 12);
    for (_, _, problem) in &cases {
        assert!(
            ended.stderr.contains(&format!("error: {problem}\nhint: ")),
            "{problem}:\n{}",
            ended.stderr
        );
    }
    let count = cases.len();
    assert!(
        ended
            .stderr
            .contains(&format!("error: {count} problems in ")),
        "{}",
        ended.stderr
    );
}

#[test]
fn guests_that_call_their_libraries_alike_are_named() {
    let scratch = Scratch::new();
    let named = |name: &str, library: &str| {
        cargo_toml(name, "").replace("[lib]\n", &format!("[lib]\nname = \"{library}\"\n"))
    };
    for (name, cargo) in [
        ("alike", named("alike", "app")),
        ("alike-too", named("alike-too", "app")),
        ("of-cargo", cargo_toml("of-cargo", "")),
        ("of_cargo", cargo_toml("of_cargo", "")),
        ("other", named("other", "of_its_own")),
    ] {
        scratch.write(&format!("guests/{name}/Cargo.toml"), &cargo);
    }
    let ended = scratch.xtask(["tidy"]);
    assert_eq!(ended.code, 12, "{}", ended.stderr);
    let problems: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.contains("call their library"))
        .collect();
    assert_eq!(
        problems,
        [
            "error: the guests `alike` and `alike-too` both call their library `app`",
            "error: the guests `of-cargo` and `of_cargo` both call their library `of_cargo`",
        ],
        "{}",
        ended.stderr
    );
}

#[test]
fn a_feature_that_only_the_tests_turn_on_is_named() {
    let scratch = Scratch::new();
    let package = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{rest}")
    };
    let needs = |kind: &str, features: &str| {
        format!("[{kind}]\nshared = {{ workspace = true, features = [{features}] }}\n")
    };
    let tested = "[dev-dependencies]\nfractalaw-testing.workspace = true\n";
    let packages = [
        (
            "xtask/shared",
            package("shared", "[features]\nleft = []\nright = []\n"),
        ),
        (
            "host",
            package(
                "fractalaw-host",
                &(needs("dependencies", "\"left\"") + tested),
            ),
        ),
        ("host/ai", package("fractalaw-ai", "")),
        ("host/cli", package("fractalaw-cli", tested)),
        ("host/contract", package("fractalaw-contract", "")),
        ("host/data", package("fractalaw-data", "")),
        ("host/events", package("fractalaw-events", "")),
        ("host/fuzz", package("fractalaw-fuzz", tested)),
        ("host/instrument", package("fractalaw-instrument", "")),
        ("host/manifest", package("fractalaw-manifest", "")),
        ("host/report", package("fractalaw-report", "")),
        ("host/serve", package("fractalaw-serve", "")),
        ("host/testing", package("fractalaw-testing", "")),
        (
            "tests",
            package(
                "fractalaw-tests",
                &(tested.to_owned() + "shared = { workspace = true, features = [\"right\"] }\n"),
            ),
        ),
    ];
    for (folder, manifest) in &packages {
        scratch.write(&format!("{folder}/Cargo.toml"), manifest);
        scratch.write(&format!("{folder}/src/lib.rs"), "//! A stand-in.\n");
    }
    let members = packages.map(|(folder, _)| format!("{folder:?}")).join(", ");
    let root = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{members}]\n[workspace.dependencies]\n\
         shared.path = \"xtask/shared\"\nfractalaw-testing.path = \"host/testing\"\n"
    );
    scratch.write("Cargo.toml", &root);
    std::fs::remove_file(scratch.path("Cargo.lock")).unwrap();
    let lock = || {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut lock = Command::new(cargo);
        lock.args(["generate-lockfile", "--quiet", "--offline"]);
        let status = lock.current_dir(scratch.root()).status();
        assert!(status.unwrap().success());
    };
    lock();

    let ended = scratch.xtask(["tidy"]);
    assert_eq!(ended.code, 12, "{}", ended.stderr);
    for (features, selected) in [
        ("left", "cargo xtask run"),
        ("left", "cargo test -p fractalaw-host"),
        ("right", "cargo test -p fractalaw-tests"),
    ] {
        let problem = format!(
            "has the features `{features}` in `{selected}`, and `left`, `right` in `cargo xtask test`\n\
             hint: make `shared` a dependency in `host/testing/Cargo.toml`"
        );
        assert!(ended.stderr.contains(&problem), "{}", ended.stderr);
    }
    assert!(
        ended.stderr.contains("error: 3 problems in "),
        "{}",
        ended.stderr
    );

    scratch.write(
        "host/testing/Cargo.toml",
        &package(
            "fractalaw-testing",
            &needs("dependencies", "\"left\", \"right\""),
        ),
    );
    lock();
    let ended = scratch.xtask(["tidy"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}
