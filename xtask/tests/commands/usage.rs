//! Names, help and JSON: what a person or a tool meets first.

use crate::scratch::Scratch;

#[test]
fn unknown_names_suggest_the_nearest_and_list_what_exists() {
    let scratch = Scratch::new();
    scratch.write("guests/hello-world/Cargo.toml", "");
    scratch.write("guests/other-guest/Cargo.toml", "");
    for command in ["build-guests", "run"] {
        let ended = scratch.xtask([command, "helo-wrld"]);
        assert_eq!(ended.code, 2);
        assert_eq!(
            ended.stderr,
            "error: no guest is called `helo-wrld`\n\
             hint: did you mean `hello-world`? guests: `hello-world`, `other-guest`\n"
        );
        let ended = scratch.xtask([command, "xyz"]);
        assert_eq!(ended.code, 2);
        assert_eq!(
            ended.stderr,
            "error: no guest is called `xyz`\nhint: guests: `hello-world`, `other-guest`\n"
        );
    }
}

#[test]
fn a_library_is_no_guest() {
    let scratch = Scratch::new();
    scratch.write("guests/hello-world/Cargo.toml", "");
    scratch.write("guests/lib-greetings/Cargo.toml", "");
    for command in ["build-guests", "run"] {
        let ended = scratch.xtask([command, "lib-greetings"]);
        assert_eq!(ended.code, 2);
        assert_eq!(
            ended.stderr,
            "error: `lib-greetings` is a library that guests share, expected a guest\n\
             hint: it is built with the guests that depend on it; guests: `hello-world`\n"
        );
    }
}

#[test]
fn a_new_guest_needs_a_name_of_its_own() {
    let scratch = Scratch::new();
    scratch.write("guests/taken-guest/Cargo.toml", "");
    scratch.write("tests/fixtures/taken-group/one.toml", "");
    let cases = [
        ("Hello", "`Hello` is no name for a guest"),
        ("two--dashes", "`two--dashes` is no name for a guest"),
        ("under_score", "`under_score` is no name for a guest"),
        ("9lives", "`9lives` is no name for a guest"),
        ("../outside", "`../outside` is no name for a guest"),
        (
            "taken-guest",
            "the name `taken-guest` is taken: `guests/taken-guest` exists",
        ),
        (
            "anyhow",
            "the name `anyhow` is taken: a package, a binary, a folder of cargo's, or a group of tests is called so",
        ),
        (
            "taken-group",
            "the name `taken-group` is taken: `tests/fixtures/taken-group` exists",
        ),
        (
            "fractalaw",
            "the name `fractalaw` is taken: a package, a binary, a folder of cargo's, or a group of tests is called so",
        ),
        (
            "fractalaw-host",
            "the name `fractalaw-host` is taken: a package, a binary, a folder of cargo's, or a group of tests is called so",
        ),
        (
            "lib-permits",
            "the name `lib-permits` is taken: a library that guests share begins with `lib-`",
        ),
        (
            "core",
            "the name `core` is taken: a package, a binary, a folder of cargo's, or a group of tests is called so",
        ),
        (
            "scenarios",
            "the name `scenarios` is taken: a package, a binary, a folder of cargo's, or a group of tests is called so",
        ),
    ];
    for (name, message) in cases {
        let ended = scratch.xtask(["new", name]);
        assert_eq!(ended.code, 2, "{name}");
        assert!(
            ended
                .stderr
                .starts_with(&format!("error: {message}\nhint: ")),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn in_ci_nothing_is_written() {
    let scratch = Scratch::new().env("CI", "true");
    for args in [
        &["test", "--accept"][..],
        &["test", "some/case", "--accept"],
        &["test", "--review"],
        &["new", "my-app"],
    ] {
        let ended = scratch.xtask(args);
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.stderr);
        assert!(
            ended
                .stderr
                .contains("` writes files, and in CI (`CI` is set) nothing is written\nhint: "),
            "{args:?}: {}",
            ended.stderr
        );
    }
    assert!(!scratch.path("guests").exists());
}

#[test]
fn options_of_a_run_follow_the_guest() {
    let scratch = Scratch::new();
    scratch.write("guests/hello-world/Cargo.toml", "");
    let cases = [
        (
            &["--json", "hello-world"][..],
            "--json",
            "hello-world --json",
        ),
        (
            &["--fuel", "7", "hello-world"],
            "--fuel",
            "hello-world --fuel 7",
        ),
        (&["--json", "./a.wasm"], "--json", "./a.wasm --json"),
        (&["--json"], "--json", "GUEST --json"),
    ];
    for (args, option, meant) in cases {
        let ended = scratch.xtask(["run"].iter().chain(args));
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.stderr);
        assert_eq!(
            ended.stderr,
            format!(
                "error: `{option}` stands before the guest, expected options after it\n\
                 hint: `cargo xtask run {meant}`\n"
            )
        );
    }
}

#[test]
fn a_profile_is_of_a_case_or_of_a_run_and_never_ignores_a_word() {
    let scratch = Scratch::new();
    scratch.write("guests/hello-world/Cargo.toml", "");
    let ended = scratch.xtask(["profile", "hello-world", "default", "--", "--arg", "x"]);
    assert_eq!(ended.code, 2);
    assert_eq!(
        ended.stderr,
        "error: the case `hello-world/default` says how the guest is run, expected nothing behind `--`\n\
         hint: leave out the case, or what stands behind `--`\n"
    );
    let ended = scratch.xtask(["profile", "./a.wasm", "default"]);
    assert_eq!(ended.code, 2);
    assert_eq!(
        ended.stderr,
        "error: `./a.wasm` is a component, which has no case `default`\n\
         hint: give the options of its run behind `--`, as in `cargo xtask profile ./a.wasm -- --arg default`\n"
    );
}

#[test]
fn help_teaches_the_path_of_the_data_and_every_command() {
    let scratch = Scratch::new();
    let bare = scratch.xtask([] as [&str; 0]);
    assert_eq!(bare.code, 0, "{}", bare.stderr);
    let asked = scratch.xtask(["--help"]);
    assert_eq!(asked.code, 0);
    for text in [bare.stdout, asked.stdout] {
        for command in ["build-guests", "run", "test", "new", "ci", "tidy"] {
            assert!(
                text.contains(&format!("cargo xtask {command}")),
                "no example of `{command}`:\n{text}"
            );
        }
        for room in [
            "guests/NAME/",
            "core module",
            "component",
            "report",
            "snapshots",
            "Exit codes",
        ] {
            assert!(text.contains(room), "`{room}` is missing:\n{text}");
        }
    }
    let run = scratch.xtask(["run", "--help"]).stdout;
    for option in [
        "--tier",
        "--fuel",
        "--timeout",
        "--memory",
        "--arg",
        "--env",
        "--dir",
        "--stdin",
        "--data",
        "--json",
        "--deterministic",
    ] {
        assert!(run.contains(option), "`{option}` is missing:\n{run}");
    }
}

#[test]
fn help_of_the_ledger_builds_nothing() {
    let scratch = Scratch::new().env("CARGO", "no-cargo-here");
    let help = include_str!("../../../host/ledger/auditor/help.txt");
    for (args, code, stdout, stderr) in [
        (&["ledger", "--help"][..], 0, help, ""),
        (&["ledger", "-h"], 0, help, ""),
        (&["ledger"], 2, "", help),
    ] {
        let ended = scratch.xtask(args);
        assert_eq!(ended.code, code, "{args:?}");
        assert_eq!((&*ended.stdout, &*ended.stderr), (stdout, stderr));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_nobody_got_is_a_failure() {
    let scratch = Scratch::new();
    for (args, output, code, stderr) in [
        (&[][..], "/dev/full", 12, FULL),
        (&["--help"], "/dev/full", 12, FULL),
        (&["run", "--help"], "/dev/full", 12, FULL),
        (&["ledger", "--help"], "/dev/full", 12, FULL),
        (&["--help"], "/dev/null", 0, ""),
    ] {
        let output = std::fs::OpenOptions::new().write(true).open(output);
        let ended = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(args)
            .current_dir(scratch.root())
            .stdout(output.unwrap())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), stderr, "{args:?}");
        assert_eq!(ended.status.code(), Some(code), "{args:?}");
    }
}

/// The error of `/dev/full`, which takes nothing.
#[cfg(target_os = "linux")]
const FULL: &str =
    "error: cannot write to standard output: No space left on device (os error 28)\n";

#[test]
fn outside_of_a_workspace_the_error_says_where_it_looked() {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("tidy")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("error: no workspace at or above `"),
        "{stderr}"
    );
    assert!(
        stderr.ends_with("\nhint: run `cargo xtask` inside a clone of the repository\n"),
        "{stderr}"
    );
}
