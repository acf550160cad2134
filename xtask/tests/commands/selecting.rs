//! The tests that a command line means. Neither the environment nor a guest's text decides whether they pass.

use crate::guests::cargo_toml;
use crate::scratch::Scratch;
use crate::start_host::scratch;

/// A workspace with cases. Nothing builds or runs them before the command line is understood.
fn with_cases(scratch: &Scratch) {
    for name in ["hello-world/default", "hello-world/other", "world/default"] {
        scratch.write(&format!("tests/cases/{name}.toml"), "");
    }
    scratch.write("tests/fixtures/hostile/start-loop.toml", "");
}

#[test]
fn what_means_nothing_is_the_same_error_in_every_command() {
    let scratch = scratch().env("EXPECTED", "pending");
    with_cases(&scratch);
    let errors = [
        ("test nosuchcase", "test", "nosuchcase", None),
        ("test helo-wrld", "test", "helo-wrld", Some("hello-world")),
        (
            "test --accept hostile/startloop",
            "case, guest or group",
            "hostile/startloop",
            Some("hostile/start-loop"),
        ),
        // A part of a name would mean other cases too.
        (
            "test --accept hello-world/def",
            "case, guest or group",
            "hello-world/def",
            Some("hello-world/default"),
        ),
        (
            "test --accept hello-world world/x",
            "case, guest or group",
            "world/x",
            Some("world"),
        ),
        (
            "test hello-world hostil",
            "case, guest or group",
            "hostil",
            Some("hostile"),
        ),
        (
            "test --review wor",
            "case, guest or group",
            "wor",
            Some("world"),
        ),
        ("fuel nosuchcase", "case", "nosuchcase", None),
        (
            "fuel helo-world/default",
            "case",
            "helo-world/default",
            Some("hello-world/default"),
        ),
        ("fuel nosuchcase --against HEAD", "case", "nosuchcase", None),
        ("report nosuchcase", "case", "nosuchcase", None),
        (
            "profile hello-world defualt",
            "case",
            "hello-world/defualt",
            Some("hello-world/default"),
        ),
    ];
    for (arguments, what, name, near) in errors {
        if arguments.starts_with("profile") {
            scratch.write("guests/hello-world/Cargo.toml", "");
        }
        let ended = scratch.xtask(arguments.split(' '));
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let expected = format!(
            "error: no {what} is called `{name}`\n\
             hint: {near}`cargo xtask test -- --list` shows the name of every test\n"
        );
        assert_eq!(
            ended.code, 2,
            "{arguments}: {}{}",
            ended.stdout, ended.stderr
        );
        assert!(
            ended.stderr.ends_with(&expected),
            "{arguments}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_part_that_no_case_tests_never_means_all_cases() {
    let scratch = scratch().env("EXPECTED", "accept");
    with_cases(&scratch);
    let declare = |name: &str, declared: &str| {
        let manifest = cargo_toml(name, "");
        let manifest = format!("{manifest}\n[package.metadata.micro-app]\n{declared}\n");
        scratch.write(&format!("guests/{name}/Cargo.toml"), &manifest);
    };
    declare("alone-part", "part = true");
    let alone = "error: no case tests `alone-part`: no guest is composed of this part\n\
                 hint: name it in `compose` of a guest that has cases\n";
    let fails = |code: i32, expected: &str| {
        for flag in ["--accept", "--review", "--coverage", "--watch", "--all"] {
            for names in [&["alone-part"][..], &["hello-world", "alone-part"]] {
                let ended = scratch.xtask(["test", flag].iter().chain(names));
                assert_eq!(
                    (ended.code, &*ended.stdout, &*ended.stderr),
                    (code, "", expected),
                    "{flag} {names:?}"
                );
            }
        }
    };
    fails(2, alone);
    // A guest that may be its user, whose file says nothing that can be read.
    declare("hello-world", "compose = 7");
    fails(
        11,
        "error: cannot tell which guests have the part `alone-part`: `guests/hello-world/Cargo.toml`: bad value 7 of key \
         `compose` in `[package.metadata.micro-app]`: invalid type: integer `7`, expected a map\n\
         hint: correct `compose`, or remove it for the default\n",
    );
}

#[test]
fn names_mean_cases_alone_and_text_means_all_tests() {
    let scratch = scratch().env("EXPECTED", "accept");
    with_cases(&scratch);
    let common = |scratch: &Scratch, snapshots: &str| {
        let (tests, guests) = (scratch.path("tests"), scratch.path("target/guests"));
        let (tests, guests) = (tests.display(), guests.display());
        (
            format!("--color|never|--tests|{tests}|--guests|{guests}|"),
            format!("--snapshots|{snapshots}"),
        )
    };
    let (start, end) = common(&scratch, "accept");
    for (arguments, expected) in [
        ("test --accept", format!("{start}{end}")),
        ("test --accept world", format!("{start}--only|world|{end}")),
        (
            "test world/ hostile/start-loop --accept",
            format!("{start}--only|world/|--only|hostile/start-loop|{end}"),
        ),
    ] {
        let ended = scratch.xtask(arguments.split(' '));
        assert_eq!(
            ended.code, 0,
            "{arguments}: {}{}",
            ended.stdout, ended.stderr
        );
        assert!(
            ended
                .stdout
                .starts_with(&format!("arguments: {expected}\n")),
            "{arguments}: {}",
            ended.stdout
        );
        assert!(
            ended.stdout.ends_with("\n3 passed, 0 failed\n"),
            "{arguments}: {}",
            ended.stdout
        );
    }
    let scratch = scratch.env("EXPECTED", "pending");
    let (start, end) = common(&scratch, "pending");
    // The cases of a guest need no test of the host, so the output is short.
    let ended = scratch.xtask(["test", "hello-world"]);
    assert_eq!(
        ended.stdout,
        format!(
            "arguments: {start}--only|hello-world|{end}\n\n\
             running 3 tests\n\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
             3 passed, 0 failed\n"
        )
    );
    // A test of the host alone is enough, and listing is not running.
    let ended = scratch.xtask(["test", "of_the_host"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("arguments: of_the_host|--color|"),
        "{}",
        ended.stdout
    );
    assert_eq!(scratch.xtask(["test", "none", "--", "--list"]).code, 0);
}

#[test]
fn neither_the_environment_nor_a_guest_decides_what_passed() {
    let scratch = scratch().env("EXPECTED", "pending");
    scratch.write(
        "host/tests/it.rs",
        "//! A stand-in.\n\
         #[test]\nfn of_the_host() {\n    \
             let starts = [\"INSTA_\", \"XTASK_\", \"NEXTEST\", \"RUST_TEST_\", \"FRACTALAW_\"];\n    \
             for (name, _) in std::env::vars() {\n        \
                 let known = name == \"FRACTALAW_GUESTS\";\n        \
                 assert!(known || !starts.iter().any(|start| name.starts_with(start)), \"{name}\");\n    \
             }\n\
         }\n",
    );
    let said = "log\ntest result: ok. 1000 passed; 0 failed; 0 ignored\nrunning 7 tests";
    let target = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER";
    let mut scratch = scratch.env("SAID", said);
    for name in [
        "INSTA_FORCE_PASS",
        "INSTA_UPDATE",
        "INSTA_WORKSPACE_ROOT",
        "FRACTALAW_TEST_KILLS",
        "FRACTALAW_FUZZ_RUNS",
        "XTASK_ACCEPT",
        "NEXTEST",
        "NEXTEST_RUN_ID",
        "RUST_TEST_NOCAPTURE",
        "RUST_TEST_SHUFFLE",
    ] {
        scratch = scratch.env(name, "1");
    }
    // A program that succeeds in place of each test.
    let scratch = scratch.env(target, "true");
    let ended = scratch.xtask(["test"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("\n    test result: ok. 1000 passed;"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.ends_with("\n4 passed, 0 failed\n"),
        "{}",
        ended.stdout
    );
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return;
    }
    scratch.write(
        ".cargo/config.toml",
        "[target.x86_64-unknown-linux-gnu]\nrunner = \"true\"\n",
    );
    let ended = scratch.xtask(["test"]);
    assert_eq!(ended.code, 12, "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended
            .stderr
            .contains("error: no test has run, though there are some\nhint: look for a `runner`"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_rule_of_fuel_that_can_never_decide_is_an_error() {
    let scratch = Scratch::new();
    with_cases(&scratch);
    let rule = |cases: &str, rest: &str| {
        format!("[[rule]]\ncases = \"*\"\n\n[[rule]]\ncases = \"{cases}\"\n{rest}\n")
    };
    let no_case =
        "there is no such case\nhint: name a case, or `GUEST/*` for a guest's, or `*` for all\n";
    for cases in [
        "helo-world/*",
        "*/default",
        "hello-world",
        "hello*",
        "world/other",
        "hello-world/d*",
        "",
        "**",
    ] {
        scratch.write("tests/fuel.toml", &rule(cases, ""));
        let ended = scratch.xtask(["fuel"]);
        let expected = format!("error: `tests/fuel.toml`: rule 2, about `{cases}`: {no_case}");
        assert_eq!((ended.code, ended.stderr), (2, expected), "{cases}");
    }
    for (bound, name, value) in [
        (
            "increase = { fail-above = { percent = nan } }",
            "increase.fail-above",
            "NaN",
        ),
        (
            "increase = { warn-above = { percent = inf } }",
            "increase.warn-above",
            "inf",
        ),
        (
            "decrease = { fail-above = { percent = -5.0 } }",
            "decrease.fail-above",
            "-5",
        ),
        (
            "decrease = { warn-above = { units = 1, percent = -inf } }",
            "decrease.warn-above",
            "-inf",
        ),
    ] {
        scratch.write("tests/fuel.toml", &rule("world/*", bound));
        let ended = scratch.xtask(["fuel"]);
        let expected = format!(
            "error: `tests/fuel.toml`: rule 2, about `world/*`: `{name}` is {value} percent\n\
             hint: expected a number from 0 on\n"
        );
        assert_eq!((ended.code, ended.stderr), (2, expected), "{bound}");
    }
}

#[test]
fn stale_guests_are_named_and_nothing_is_built() {
    let scratch = Scratch::new();
    scratch.add_guest("check-one", "one");
    scratch.add_guest("check-two", "two");
    let stale = "not built from their sources as they are now";
    let hint = "hint: run `cargo xtask build-guests`\n";
    let ended = scratch.xtask(["build-guests", "--check"]);
    assert_eq!(
        (ended.code, &*ended.stdout),
        (12, "check-one\ncheck-two\n"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        ended.stderr,
        format!("error: {stale}: `check-one`, `check-two`\n{hint}")
    );
    assert!(!scratch.path("target/guests").exists());
    scratch.build(&[]);
    let ended = scratch.xtask(["build-guests", "--check"]);
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (0, "", ""));
    scratch.write(
        "guests/check-two/src/lib.rs",
        &crate::guests::saying("three"),
    );
    let ended = scratch.xtask(["build-guests", "--check"]);
    assert_eq!(
        (ended.code, &*ended.stdout),
        (12, "check-two\n"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        scratch.xtask(["build-guests", "--check", "check-one"]).code,
        0
    );
}

#[cfg(unix)]
#[test]
fn after_a_review_the_functions_follow_what_was_accepted() {
    use std::os::unix::fs::PermissionsExt;

    let scratch = scratch();
    with_cases(&scratch);
    // Stands in for the program that `cargo insta` starts.
    scratch.write(
        "bin/cargo-insta",
        "#!/bin/sh\necho \"$*|$INSTA_PENDING_DIR\" >> \"$TOLD\"\n",
    );
    let program = scratch.path("bin/cargo-insta");
    std::fs::set_permissions(program, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        scratch.path("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let told = scratch.path("told").display().to_string();
    let scratch = scratch
        .env("PATH", path)
        .env("TOLD", &told)
        .env("INSTA_PENDING_DIR", "elsewhere")
        .env("EXPECTED", "pending");
    let ended = scratch.xtask(["test", "world", "--review"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let told = String::from_utf8(scratch.read("told")).unwrap();
    let harness = |snapshots: &str| {
        let (tests, guests) = (scratch.path("tests"), scratch.path("target/guests"));
        let (tests, guests) = (tests.display(), guests.display());
        format!(
            "--color|never|--tests|{tests}|--guests|{guests}|--only|world|--snapshots|{snapshots}"
        )
    };
    let expected = [
        "insta --version|elsewhere".to_owned(),
        harness("pending"),
        format!(
            "insta review --workspace-root {}|",
            scratch.root().display()
        ),
        harness("functions"),
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}
