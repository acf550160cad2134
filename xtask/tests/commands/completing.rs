//! `completions`: each shell that is installed loads its script and completes.

use std::process::Command;

use crate::scratch::Scratch;

/// A workspace with a guest, a guest in another language, a library and a case.
fn workspace() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("guests/permit-check/Cargo.toml", "");
    scratch.write("guests/python/plan-check/micro-app.toml", "");
    scratch.write("guests/lib-permits/Cargo.toml", "");
    scratch.write("tests/cases/permit-check/expired.toml", "");
    // The case of a guest in another folder.
    scratch.write("tests/cases/tide-table/spring.toml", "");
    scratch.write("tests/fixtures/malformed/empty.toml", "");
    scratch
}

/// Words as they are typed, and what may stand in the place of the last.
const TYPED: [(&str, &[&str]); 7] = [
    ("cargo xtask mod", &["models"]),
    ("cargo xtask build-guests --si", &["--sizes"]),
    ("cargo xtask inspect p", &["permit-check", "plan-check"]),
    ("cargo xtask run t", &["tide-table"]),
    ("cargo xtask test permit-check/e", &["permit-check/expired"]),
    (
        "cargo xtask run permit-check --tr",
        &["--trace", "--trigger"],
    ),
    ("cargo xtask profile --format fo", &["folded"]),
];

/// Runs a shell with our script in a file, once for each of the words.
fn check(shell: &str, arguments: &[&str], ask: &str) {
    if Command::new(shell).arg("--version").output().is_err() {
        eprintln!("SKIPPED completions of `{shell}`: it is not installed");
        return;
    }
    let scratch = workspace();
    let ended = scratch.xtask(["completions", shell]);
    assert_eq!((ended.code, &*ended.stderr), (0, ""));
    scratch.write("script", &ended.stdout);
    for (typed, expected) in TYPED {
        let asked = Command::new(shell)
            .args(arguments)
            .arg(ask)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", scratch.root())
            .env("TERM", "dumb")
            .env("TYPED", typed)
            .current_dir(scratch.path("guests/permit-check"))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let stdout = text(&asked.stdout);
        let mut found: Vec<&str> = stdout
            .lines()
            .filter_map(|line| line.split('\t').next())
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, expected, "{shell}: {typed}: {}", text(&asked.stderr));
    }
}

/// As the shell itself does it: the words, the place, and the function that `complete` names for the command.
#[test]
fn bash_completes_commands_flags_and_names() {
    check(
        "bash",
        &["--norc", "--noprofile", "-c"],
        r#"source ../../script
           COMP_WORDS=($TYPED)
           COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
           [[ "$(complete -p cargo)" =~ -F\ ([^ ]+) ]]
           "${BASH_REMATCH[1]}" cargo "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
           printf '%s\n' "${COMPREPLY[@]}""#,
    );
}

/// What `cargo` had before goes on to work.
#[test]
fn bash_completes_other_commands_of_cargo_as_before() {
    let scratch = workspace();
    let ended = scratch.xtask(["completions", "bash"]);
    scratch.write("script", &ended.stdout);
    let asked = Command::new("bash")
        .args(["--norc", "--noprofile", "-c"])
        .arg(
            r#"_before() { COMPREPLY=("$1-$2-$3"); }
               complete -F _before cargo
               source ./script
               source ./script
               COMP_WORDS=(cargo bui)
               COMP_CWORD=1
               _cargo_xtask cargo bui cargo
               printf '%s\n' "${COMPREPLY[@]}""#,
        )
        .current_dir(scratch.root())
        .output();
    match asked {
        Ok(asked) => assert_eq!(String::from_utf8_lossy(&asked.stdout), "cargo-bui-cargo\n"),
        Err(_) => eprintln!("SKIPPED completions of `bash`: it is not installed"),
    }
}

#[test]
fn fish_completes_commands_flags_and_names() {
    check(
        "fish",
        &["--no-config", "-c"],
        "source ../../script; complete -C \"$TYPED\"",
    );
}

/// A shell in a pseudo-terminal types the words and asks for the list. Each match is printed where zsh adds it.
#[test]
fn zsh_completes_commands_flags_and_names() {
    check("zsh", &["-f", "-c"], ZSH);
}

/// What is typed is seen as well, so the words that are waited for are typed in another way.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty inner zsh -f -i
inner() { zpty -w inner "$1" }
inner 'PROMPT=; unsetopt prompt_cr prompt_sp; autoload -U compinit; compinit -u -D; source ../../script'
inner 'compadd() { if [[ "$*" == *-[OAD]\ * ]]; then builtin compadd "$@"; return; fi; typeset -a found; builtin compadd -A found "$@"; print -rl -- "" "match: "${^found}; builtin compadd "$@" }'
inner 'stop() { print the\ end\ of\ it }; zle -N stop; bindkey "^X" stop'
inner 'print re\ady'
zpty -r inner text '*ready*'
zpty -n -w inner "$TYPED"$'\t\x18'
zpty -r inner text '*the end of it*'
print -r -- "$text" | tr -d '\r' | sed -n 's/^match: //p'
zpty -d inner
"#;
