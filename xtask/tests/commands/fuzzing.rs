//! `fuzz` with a stand-in for the program that has the targets: the program is asked which targets there are.

use crate::start_host::scratch;

/// Lists two targets, and prints what else it was told.
const PROGRAM: &str = r#"//! A stand-in.
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.join("|").as_str() {
        "--list" => println!("manifest\npolicy"),
        told => println!("{told}"),
    }
}
"#;

#[test]
fn targets_are_those_that_the_program_lists() {
    let scratch = scratch();
    scratch.write("fuzz/src/main.rs", PROGRAM);
    for (target, hint) in [
        (
            "polici",
            "did you mean `policy`? targets: `manifest`, `policy`",
        ),
        // A target of the real program.
        ("ledger", "targets: `manifest`, `policy`"),
    ] {
        let ended = scratch.xtask(["fuzz", target, "--mutate"]);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        let expected = format!("error: no target is called `{target}`\nhint: {hint}\n");
        assert!(ended.stderr.ends_with(&expected), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
    for target in ["policy", "all"] {
        let ended = scratch.xtask(["fuzz", target, "--mutate", "--time", "2s", "--runs", "3"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let begin = format!("{target}|--seed|");
        assert!(ended.stdout.starts_with(&begin), "{}", ended.stdout);
        assert!(ended.stdout.ends_with("|--runs|3\n"), "{}", ended.stdout);
    }
}
