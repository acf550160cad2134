//! `fractalaw completions`: the shells that are installed load the script and complete.

use std::process::Command;

/// Words as they are typed, and what may stand in the place of the last.
const TYPED: [(&str, &[&str]); 3] = [
    ("fractalaw ins", &["inspect"]),
    ("fractalaw run --dur", &["--durability"]),
    ("fractalaw data d", &["diff"]),
];

fn check(shell: &str, arguments: &[&str], ask: &str) {
    if Command::new(shell).arg("--version").output().is_err() {
        eprintln!("SKIPPED completions of `{shell}`: it is not installed");
        return;
    }
    let printed = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["completions", shell])
        .output()
        .unwrap();
    assert!(printed.status.success());
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    std::fs::write(&script, printed.stdout).unwrap();
    for (typed, expected) in TYPED {
        let asked = Command::new(shell)
            .args(arguments)
            .arg(ask)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", folder.path())
            .env("SCRIPT", &script)
            .env("TYPED", typed)
            .output()
            .unwrap();
        let stdout = String::from_utf8(asked.stdout).unwrap();
        let words = stdout.lines().filter_map(|line| line.split('\t').next());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        assert_eq!(words, expected, "{shell}: {typed}");
    }
}

#[test]
fn bash_completes_commands_and_flags() {
    check(
        "bash",
        &["--norc", "--noprofile", "-c"],
        r#"source "$SCRIPT"
           COMP_WORDS=($TYPED)
           COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
           _fractalaw fractalaw "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
           printf '%s\n' "${COMPREPLY[@]}""#,
    );
}

#[test]
fn fish_completes_commands_and_flags() {
    check(
        "fish",
        &["--no-config", "-c"],
        "source \"$SCRIPT\"; complete -C \"$TYPED\"",
    );
}
