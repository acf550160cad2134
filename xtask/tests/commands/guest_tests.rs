//! The unit tests of guests under `cargo xtask test`, and guests that cannot be built.

use crate::guests::{returning, saying};
use crate::scratch::Scratch;

/// A workspace with a guest and a library that have tests, a guest without tests, and stand-ins for everything
/// else.
fn workspace(own: &str) -> Scratch {
    let scratch = Scratch::new().env("EXPECTED", "pending");
    scratch.add_stand_ins_beside_guests();
    scratch.write(
        "host/tests/it.rs",
        "//! A stand-in.\n#[test]\nfn of_the_host() {}\n",
    );

    let tested = format!("{own}-tested");
    let tests = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn sums() {\n        assert_eq!(1 + 1, 2);\n    }\n    \
                 #[test]\n    fn differences() {\n        \
                 assert!(std::env::var_os(\"CARGO_REGISTRY_TOKEN\").is_none());\n    }\n}\n";
    scratch.add_guest_from(
        &tested,
        "",
        &format!("{}{tests}", returning("Ok(String::new())")),
    );
    scratch.add_guest(&format!("{own}-untested"), "without tests");
    scratch.write(
        &format!("guests/lib-{own}/Cargo.toml"),
        &format!("[package]\nname = \"lib-{own}\"\nedition = \"2024\"\n"),
    );
    scratch.write(
        &format!("guests/lib-{own}/src/lib.rs"),
        &format!("//! An example.\n//! ```\n//! assert!(lib_{own}::holds());\n//! ```\n/// Holds.\npub fn holds() -> bool {{\n    true\n}}\n"),
    );
    for guest in ["tested", "untested"] {
        scratch.write(&format!("tests/cases/{own}-{guest}/default.toml"), "");
    }
    scratch.env("CARGO_REGISTRY_TOKEN", "secret")
}

#[test]
fn they_run_where_they_are_meant_and_count() {
    let scratch = workspace("gt");
    // The stand-ins have three tests of the harness and one of the host.
    for (arguments, commands, totals) in [
        ("", &["gt-tested", "lib-gt"][..], "7 passed, 0 failed"),
        ("gt-tested", &["gt-tested"], "5 passed, 0 failed"),
        ("gt-tested/", &[], "3 passed, 0 failed"),
        ("gt-untested", &[], "3 passed, 0 failed"),
        (
            "differences",
            &["gt-tested", "lib-gt"],
            "1 passed, 0 failed",
        ),
        ("lib-gt", &["gt-tested", "lib-gt"], "1 passed, 0 failed"),
    ] {
        let ended = scratch.xtask(["test"].into_iter().chain(arguments.split_terminator(' ')));
        assert_eq!(
            ended.code, 0,
            "{arguments}: {}{}",
            ended.stdout, ended.stderr
        );
        assert!(
            ended.stdout.ends_with(&format!("\n{totals}\n")),
            "{arguments}: {}",
            ended.stdout
        );
        let started: Vec<&str> = ended
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("$ cargo test --package "))
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(started, commands, "{arguments}: {}", ended.stderr);
    }
    let source = String::from_utf8(scratch.read("guests/gt-tested/src/lib.rs")).unwrap();
    scratch.write(
        "guests/gt-tested/src/lib.rs",
        &source.replace("1 + 1, 2", "1 + 1, 3"),
    );
    let ended = scratch.xtask(["test"]);
    assert_eq!(ended.code, 12, "{}", ended.stderr);
    assert!(
        ended.stdout.ends_with("\n6 passed, 1 failed\n"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_guest_that_does_not_compile_keeps_nothing_else_from_being_tested() {
    let scratch = workspace("gb");
    scratch.build(&[]);
    scratch.write(
        "guests/gb-untested/src/lib.rs",
        &returning("Ok(missing_name)"),
    );
    // The cases of another guest need nothing of it.
    let ended = scratch.xtask(["test", "gb-tested"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(!ended.stdout.contains("--stale"), "{}", ended.stdout);

    let ended = scratch.xtask(["test"]);
    assert_eq!(ended.code, 11, "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("|--stale|gb-untested\n"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.ends_with("\n7 passed, 0 failed\n"),
        "{}",
        ended.stdout
    );
    let expected = "error: `gb-untested` does not compile\nhint: the compiler's messages stand above\n\
                    error: 1 of 2 guests failed to build: `gb-untested`\n";
    assert!(ended.stderr.ends_with(expected), "{}", ended.stderr);

    scratch.write("guests/gb-untested/src/lib.rs", &saying("mended"));
    assert_eq!(scratch.xtask(["test"]).code, 0);
}
