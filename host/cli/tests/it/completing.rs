//! `fractalaw completions`: the shells that are installed load the script and complete.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Words as they are typed, and what may stand in the place of the last.
const TYPED: [(&str, &[&str]); 6] = [
    ("fractalaw ins", &["inspect"]),
    ("fractalaw run --dur", &["--durability"]),
    ("fractalaw data d", &["diff"]),
    ("fractalaw pull --s", &["--signed-by"]),
    ("fractalaw events re", &["retry"]),
    ("fractalaw ledger verify --j", &["--json"]),
];

fn check(shell: &str, arguments: &[&str], ask: &str) {
    let typed = TYPED.map(|(typed, _)| typed.to_owned());
    let Some(found) = complete(shell, arguments, ask, &typed) else {
        return;
    };
    for ((typed, expected), found) in TYPED.into_iter().zip(found) {
        assert_eq!(found, expected, "{shell}: {typed}");
    }
}

/// What the shell finds for each of these lines. `None` if there is no such shell.
fn complete(
    shell: &str,
    arguments: &[&str],
    ask: &str,
    typed: &[String],
) -> Option<Vec<Vec<String>>> {
    if Command::new(shell).arg("--version").output().is_err() {
        eprintln!("SKIPPED completions of `{shell}`: it is not installed");
        return None;
    }
    let printed = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["completions", shell])
        .output()
        .unwrap();
    assert!(printed.status.success());
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    std::fs::write(&script, printed.stdout).unwrap();
    let found = typed.iter().map(|typed| {
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
        let words = words.filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    });
    Some(found.collect())
}

const BASH: &str = r#"source "$SCRIPT"
COMP_WORDS=($TYPED)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_fractalaw fractalaw "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}""#;

#[test]
fn bash_completes_commands_and_flags() {
    check("bash", &["--norc", "--noprofile", "-c"], BASH);
}

#[test]
fn fish_completes_commands_and_flags() {
    check(
        "fish",
        &["--no-config", "-c"],
        "source \"$SCRIPT\"; complete -C \"$TYPED\"",
    );
}

/// As a repository with a host of its own has it.
#[test]
fn a_program_with_another_name_is_completed_under_that_name() {
    let folder = tempfile::tempdir().unwrap();
    let desk = folder.path().join("desk");
    std::fs::copy(env!("CARGO_BIN_EXE_fractalaw"), &desk).unwrap();
    let printed = Command::new(&desk).args(["completions", "bash"]).output();
    let printed = String::from_utf8(printed.unwrap().stdout).unwrap();
    assert!(printed.contains("complete -F _desk "), "{printed}");
    assert!(!printed.contains("fractalaw)"), "{printed}");
}

/// The programs beside `fractalaw` that have some of its commands.
const PROGRAMS: [(&str, &[&str]); 3] = [
    ("fractalaw-ledger", &["ledger"]),
    (
        "fractalaw-serve",
        &["serve", "emit", "events", "schedule", "apps", "status"],
    ),
    ("fractalaw-registry", &["push", "pull", "sign", "keys"]),
];

/// The lines below a heading of a help.
fn list<'a>(help: &'a str, head: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = help.lines().skip_while(move |line| *line != head).skip(1);
    lines.take_while(|line| line.is_empty() || line.starts_with(' '))
}

/// The long flags of a command, and those of the commands below it, as the help of the program says.
fn flags(program: &Path, words: &[&str], found: &mut Vec<(String, BTreeSet<String>)>) {
    // The auditor's program is a command of ours as a whole.
    let own = words.strip_prefix(&["ledger"]).unwrap_or(words);
    let help = Command::new(program).args(own).arg("--help").output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let commands = list(&help, "Commands:").filter_map(|line| line.strip_prefix("  "));
    let commands = commands.filter(|line| !line.starts_with(' '));
    let mut commands = commands
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !["", "help"].contains(name))
        .peekable();
    if commands.peek().is_none() {
        let flags = list(&help, "Options:").filter_map(|line| line.trim_start().split_once("--"));
        let flags = flags.filter(|(before, _)| before.len() <= "-x, ".len());
        let flags = flags.filter_map(|(_, flag)| flag.split([' ', '=']).next());
        let flags = flags.map(|flag| format!("--{flag}")).collect();
        found.push((words.join(" "), flags));
    }
    for command in commands {
        flags(program, &[words, &[command]].concat(), found);
    }
}

#[test]
fn commands_of_other_programs_are_completed_with_all_of_their_flags() {
    let beside = Path::new(env!("CARGO_BIN_EXE_fractalaw")).parent().unwrap();
    let mut expected = Vec::new();
    for (program, commands) in PROGRAMS {
        let path = beside.join(program);
        if !path.is_file() {
            eprintln!("SKIPPED the completions of `{program}`: it is not built");
            continue;
        }
        for command in commands {
            flags(&path, &[command], &mut expected);
        }
    }
    let typed: Vec<String> = (expected.iter())
        .map(|(words, _)| format!("fractalaw {words} --"))
        .collect();
    let shell = &["--norc", "--noprofile", "-c"];
    let Some(found) = complete("bash", shell, BASH, &typed) else {
        return;
    };
    for ((words, flags), found) in expected.into_iter().zip(found) {
        let found = BTreeSet::from_iter(found);
        assert_eq!(found, flags, "{words}");
    }
}
